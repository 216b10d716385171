#include <sharewatch/finding.h>

uint32_t sw_rules_find(const struct sw_rules *rules, struct sw_text name)
{
    for (uint32_t i = 0; i < rules->count; i++) {
        if (sw_text_equal(rules->rules[i].name, name)) {
            return i;
        }
    }
    return UINT32_MAX;
}
