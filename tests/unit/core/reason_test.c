#include "sw_test.h"

#include <sharewatch/taxonomy.h>

#include "reason.h"

struct reading {
    const char *reason;
    uint16_t value;
};

static void what_a_reason_names(void **state)
{
    (void)state;
    static const struct reading cases[] = {
        {"ICE hold", SW_PURPOSE_CLASS_DETAINER},
        {"ice detainer for HSI", SW_PURPOSE_CLASS_DETAINER},
        {"ICE pick up", SW_PURPOSE_CLASS_DETAINER},
        {"ICE pick-up", SW_PURPOSE_CLASS_DETAINER},
        {"ice pickup", SW_PURPOSE_CLASS_DETAINER},
        {"ICE administrative warrant", SW_PURPOSE_CLASS_DETAINER},
        {"assist ICE", SW_PURPOSE_CLASS_ICE},
        {"ICE", SW_PURPOSE_CLASS_ICE},
        {"I.C.E. request", SW_PURPOSE_CLASS_ICE},
        {"ICE/ERO", SW_PURPOSE_CLASS_ICE},
        {"HSI", SW_PURPOSE_CLASS_HSI},
        {"hsi narcotics TF-12", SW_PURPOSE_CLASS_HSI},
        {"for ERO", SW_PURPOSE_CLASS_ERO},
        {"CBP", SW_PURPOSE_CLASS_CBP},
        {"USBP assist", SW_PURPOSE_CLASS_CBP},
        {"Border Patrol", SW_PURPOSE_CLASS_CBP},
        {"deportation case", SW_PURPOSE_CLASS_DEPORT},
        {"Deported felon", SW_PURPOSE_CLASS_DEPORT},
        {"removal order", SW_PURPOSE_CLASS_DEPORT},
        {"DHS", SW_PURPOSE_CLASS_DHS},
        {"Homeland Security", SW_PURPOSE_CLASS_DHS},
        {"USCIS fraud", SW_PURPOSE_CLASS_USCIS},
        {"Immigration (civil/administrative)", SW_PURPOSE_CLASS_DROPDOWN_IMMIGRATION},
        {"immigration", SW_PURPOSE_CLASS_IMMIGRATION},
        {"immigrant smuggling", SW_PURPOSE_CLASS_IMMIGRATION},
        /* the traps */
        {"meth ice seizure", SW_PURPOSE_CLASS_NONE},
        {"METH ICE SEIZURE", SW_PURPOSE_CLASS_NONE},
        {"crystal ice", SW_PURPOSE_CLASS_NONE},
        {"2 grams of ice", SW_PURPOSE_CLASS_NONE},
        {"ice cream van", SW_PURPOSE_CLASS_NONE},
        {"police", SW_PURPOSE_CLASS_NONE},
        {"office of justice", SW_PURPOSE_CLASS_NONE},
        {"hero", SW_PURPOSE_CLASS_NONE},
        {"county DHS hospital", SW_PURPOSE_CLASS_NONE},
        {"DHS health services", SW_PURPOSE_CLASS_NONE},
        {"airport", SW_PURPOSE_CLASS_NONE},
        {"Investigation", SW_PURPOSE_CLASS_NONE},
        {"patrol near the border", SW_PURPOSE_CLASS_NONE},
        {"[plate] ice[case]", SW_PURPOSE_CLASS_ICE},
        {"", SW_PURPOSE_CLASS_NONE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint16_t class = sw_reason_class(sw_text_from(cases[i].reason));
        if (class != cases[i].value) {
            print_error("%s reads as %u\n", cases[i].reason, class);
        }
        assert_int_equal(class, cases[i].value);
    }
}

static void how_much_a_reason_says(void **state)
{
    (void)state;
    static const struct reading cases[] = {
        {"", SW_REASON_QUALITY_BLANK},
        {"  ", SW_REASON_QUALITY_BLANK},
        {"***", SW_REASON_QUALITY_BLANK},
        {"N/A", SW_REASON_QUALITY_BLANK},
        {"none", SW_REASON_QUALITY_BLANK},
        {"Investigation", SW_REASON_QUALITY_VAGUE},
        {"inv", SW_REASON_QUALITY_VAGUE},
        {"criminal investigation", SW_REASON_QUALITY_VAGUE},
        {"follow up", SW_REASON_QUALITY_VAGUE},
        {"459 PC", SW_REASON_QUALITY_CODE},
        {"10851", SW_REASON_QUALITY_CODE},
        {"case [case]", SW_REASON_QUALITY_CASE_NUMBER},
        {"case 123456", SW_REASON_QUALITY_CASE_NUMBER},
        {"robbery suspect in a red car", SW_REASON_QUALITY_DESCRIPTIVE},
        {"ICE hold", SW_REASON_QUALITY_DESCRIPTIVE},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint16_t quality = sw_reason_quality(sw_text_from(cases[i].reason));
        if (quality != cases[i].value) {
            print_error("%s says %u\n", cases[i].reason, quality);
        }
        assert_int_equal(quality, cases[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_reason_names),
        cmocka_unit_test(how_much_a_reason_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
