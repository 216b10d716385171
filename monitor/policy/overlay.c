#include <sharewatch/map.h>
#include <sharewatch/policy.h>

enum sw_status sw_policy_overlay(const struct sw_policy *policy, struct sw_map *map,
                                 struct sw_report *report)
{
    uint32_t count = 0;
    const struct sw_policy_pack *packs = sw_policy_packs(policy, &count);
    enum sw_status status = SW_OK;
    for (uint32_t i = 0; i < count; i++) {
        if (packs[i].overlay != NULL && sw_map_overlay(map, packs[i].overlay, report) != SW_OK) {
            status = SW_INVALID;
        }
    }
    return status;
}
