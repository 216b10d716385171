#include <sharewatch/verdict.h>

#include <sharewatch/assert.h>

static const struct {
    const char *code;
    const char *word;
} verdicts[SW_VERDICT_COUNT] = {
    [SW_VERDICT_NONE] = {"NONE", "none"},
    [SW_VERDICT_FED] = {"FED", "federal"},
    [SW_VERDICT_AUTO] = {"AUTO", "automatic"},
    [SW_VERDICT_DISC] = {"DISC", "discretionary"},
    [SW_VERDICT_REVIEW] = {"REVIEW", "needs review"},
    [SW_VERDICT_PROH] = {"PROH", "prohibited"},
};

static const char *const duties_names[SW_DUTY_COUNT] = {
    "LOG_PURPOSE",   "SERVE_COPY",   "CONSENT_FORM", "REPORT_DOJ",
    "PUBLIC_RECORD", "REVOKE_SHARE", "FORUM",
};

const char *sw_verdict_code(enum sw_verdict verdict)
{
    SW_ASSERT(verdict < SW_VERDICT_COUNT);
    return verdicts[verdict].code;
}

const char *sw_verdict_word(enum sw_verdict verdict)
{
    SW_ASSERT(verdict < SW_VERDICT_COUNT);
    return verdicts[verdict].word;
}

const char *sw_level_word(enum sw_level level)
{
    static const char *const words[SW_LEVEL_COUNT] = {"none", "searched", "matched", "informed",
                                                      "custody"};
    SW_ASSERT(level < SW_LEVEL_COUNT);
    return words[level];
}

enum sw_verdict sw_verdict_find(struct sw_text code)
{
    for (int verdict = 0; verdict < SW_VERDICT_COUNT; verdict++) {
        if (sw_text_equal(code, sw_text_from(verdicts[verdict].code))) {
            return (enum sw_verdict)verdict;
        }
    }
    return SW_VERDICT_COUNT;
}

const char *sw_duty_name(uint32_t bit)
{
    SW_ASSERT(bit < SW_DUTY_COUNT);
    return duties_names[bit];
}

uint32_t sw_duty_find(struct sw_text name)
{
    for (uint32_t bit = 0; bit < SW_DUTY_COUNT; bit++) {
        if (sw_text_equal(name, sw_text_from(duties_names[bit]))) {
            return UINT32_C(1) << bit;
        }
    }
    return 0;
}

const char *sw_duties_text(uint32_t duties, char text[SW_DUTIES_TEXT_BYTES])
{
    SW_ASSERT(duties < UINT32_C(1) << SW_DUTY_COUNT);
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, text, SW_DUTIES_TEXT_BYTES);
    for (uint32_t bit = 0; bit < SW_DUTY_COUNT; bit++) {
        if ((duties & UINT32_C(1) << bit) != 0) {
            sw_buffer_append_string(&buffer, buffer.length > 0 ? "," : "");
            sw_buffer_append_string(&buffer, duties_names[bit]);
        }
    }
    SW_ASSERT(!buffer.overflowed);
    return text;
}

enum sw_verdict sw_verdict_strictest(enum sw_verdict a, enum sw_verdict b)
{
    return a > b ? a : b;
}
