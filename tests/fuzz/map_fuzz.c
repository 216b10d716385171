/* Any bytes as a map file. What loads must have ways that end in an immigration component, and a
 * row of `default` that holds for any event. */
#include <sharewatch/diagnostic.h>
#include <sharewatch/map.h>

#include "fuzz.h"

static void check_way(const struct sw_map *map, uint16_t node, const struct sw_way *way)
{
    SW_ASSERT(way->edge_count <= SW_MAP_PATH_MAX);
    uint16_t end = way->edge_count > 0 ? way->nodes[way->edge_count - 1] : node;
    SW_ASSERT(end < map->node_count);
    SW_ASSERT(way->edge_count == 0 || map->nodes[end].immigration);
    SW_ASSERT(way->delay_ms >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct sw_event event;
    struct sw_map map;
    struct sw_report report = {0};
    struct sw_text content = {(const char *)bytes, (uint32_t)length};
    if (sw_map_parse(&map, "fuzz.yaml", content, &report) == SW_OK) {
        SW_ASSERT(report.error_total == 0);
        for (uint16_t node = 0; node < map.node_count; node++) {
            for (uint32_t code = 1; code < SW_DATA_CLASS_COUNT; code++) {
                check_way(&map, node, sw_map_way(&map, node, (uint16_t)code));
            }
        }
        for (uint16_t edge = 0; edge < map.edge_count; edge++) {
            SW_ASSERT(sw_map_case(&map.edges[edge], &event)->verdict < SW_VERDICT_COUNT);
        }
    } else {
        SW_ASSERT(report.error_total > 0);
    }
    sw_report_free(&report);
    sw_map_free(&map);
    return 0;
}
