/**
 * The forms of short text that the taxonomy allows, see taxonomy.yaml: tokens, agencies, words.
 */
#ifndef SHAREWATCH_FORM_H
#define SHAREWATCH_FORM_H

#include <stdbool.h>

#include <sharewatch/text.h>

#define SW_AGENCY_BYTES_MAX 32
#define SW_WORD_BYTES_MAX   32

/** Letters, digits and ._:- ; 1 to SW_ID_BYTES_MAX bytes. */
bool sw_form_is_token(struct sw_text text);

/** Only bytes that a token may have, of any length, also none. */
bool sw_form_has_token_bytes(struct sw_text text);

/** Capital letters, digits and - ; 1 to SW_AGENCY_BYTES_MAX bytes. Also the form of a system. */
bool sw_form_is_agency(struct sw_text text);

/** Letters, digits and ()./ - with spaces; 1 to SW_WORD_BYTES_MAX bytes. */
bool sw_form_is_word(struct sw_text text);

/** Character classes of ASCII, whatever the locale. */
static inline bool sw_form_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool sw_form_is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static inline bool sw_form_is_letter(char c)
{
    return sw_form_is_upper(c) || (c >= 'a' && c <= 'z');
}

#endif
