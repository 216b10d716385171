/**
 * The files of the page, inside the program: assets.cmake makes the table from web/.
 */
#ifndef SHAREWATCH_DASHBOARD_ASSETS_H
#define SHAREWATCH_DASHBOARD_ASSETS_H

#include <stdint.h>

#include <sharewatch/data.h>
#include <sharewatch/status.h>
#include <sharewatch/text.h>

struct sw_asset {
    const char *name; // "app.js"
    const char *type; // Content-Type
    const char *start;
    const char *end;
};

extern const struct sw_asset sw_assets[]; // [sw_asset_count]
extern const uint32_t sw_asset_count;
extern const char sw_assets_hash[]; // of all contents; stands in their URLs

/** The asset called @name, or NULL. */
const struct sw_asset *sw_asset_find(struct sw_text name);

#endif
