#include "form.h"

#include <stdint.h>

#include <sharewatch/event.h>

enum { IN_TOKEN = 1, IN_AGENCY = 2, IN_WORD = 4 };

#define TEN_ROW(first, bits)                                                                       \
    [(first) + 0] = (bits), [(first) + 1] = (bits), [(first) + 2] = (bits),                        \
               [(first) + 3] = (bits), [(first) + 4] = (bits), [(first) + 5] = (bits),             \
               [(first) + 6] = (bits), [(first) + 7] = (bits), [(first) + 8] = (bits),             \
               [(first) + 9] = (bits)
#define LETTERS_ROW(first, bits)                                                                   \
    TEN_ROW(first, bits), TEN_ROW((first) + 10, bits),                                             \
        [(first) + 20] = (bits), [(first) + 21] = (bits), [(first) + 22] = (bits),                 \
                   [(first) + 23] = (bits), [(first) + 24] = (bits), [(first) + 25] = (bits)

static const uint8_t classes[256] = {
    TEN_ROW('0', IN_TOKEN | IN_AGENCY | IN_WORD),
    LETTERS_ROW('A', IN_TOKEN | IN_AGENCY | IN_WORD),
    LETTERS_ROW('a', IN_TOKEN | IN_WORD),
    ['.'] = IN_TOKEN | IN_WORD,
    ['_'] = IN_TOKEN,
    [':'] = IN_TOKEN,
    ['-'] = IN_TOKEN | IN_AGENCY | IN_WORD,
    ['('] = IN_WORD,
    [')'] = IN_WORD,
    ['/'] = IN_WORD,
    [' '] = IN_WORD,
};

static bool all_in(struct sw_text text, uint8_t class)
{
    uint8_t common = class;
    for (uint32_t i = 0; i < text.length; i++) {
        common &= classes[(unsigned char)text.bytes[i]];
    }
    return common != 0;
}

bool sw_form_is_token(struct sw_text text)
{
    return text.length >= 1 && text.length <= SW_ID_BYTES_MAX && all_in(text, IN_TOKEN);
}

bool sw_form_has_token_bytes(struct sw_text text)
{
    return all_in(text, IN_TOKEN);
}

bool sw_form_is_agency(struct sw_text text)
{
    return text.length >= 1 && text.length <= SW_AGENCY_BYTES_MAX && all_in(text, IN_AGENCY);
}

bool sw_form_is_word(struct sw_text text)
{
    return text.length >= 1 && text.length <= SW_WORD_BYTES_MAX && all_in(text, IN_WORD);
}
