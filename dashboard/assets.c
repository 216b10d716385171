#include "assets.h"

#include <stddef.h>

const struct sw_asset *sw_asset_find(struct sw_text name)
{
    for (uint32_t i = 0; i < sw_asset_count; i++) {
        if (sw_text_equal(name, sw_text_from(sw_assets[i].name))) {
            return &sw_assets[i];
        }
    }
    return NULL;
}
