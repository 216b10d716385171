/* Queries are compared byte by byte: sw_query_init() clears them, paddings too. */
#include "kept.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <sharewatch/assert.h>

static bool same_bytes(const void *a, const void *b, size_t bytes)
{
    return memcmp(a, b, bytes) == 0;
}

struct sw_text sw_kept_find(struct sw_kept_answers *kept, enum sw_route route,
                            const struct sw_query *query, const char *tag)
{
    for (uint32_t i = 0; i < SW_KEPT_ANSWERS; i++) {
        struct sw_kept_answer *place = &kept->places[i];
        if (place->turn != 0 && place->route == route && strcmp(place->tag, tag) == 0 &&
            same_bytes(&place->query, query, sizeof(*query))) {
            place->turn = ++kept->turn;
            kept->found_total++;
            return (struct sw_text){.bytes = place->bytes, .length = place->length};
        }
    }
    return (struct sw_text){0};
}

void sw_kept_put(struct sw_kept_answers *kept, enum sw_route route, const struct sw_query *query,
                 const char *tag, struct sw_text answer)
{
    struct sw_kept_answer *place = &kept->places[0];
    SW_ASSERT(strlen(tag) < sizeof(place->tag));
    if (answer.length > sizeof(place->bytes)) {
        return;
    }
    for (uint32_t i = 1; i < SW_KEPT_ANSWERS; i++) {
        place = kept->places[i].turn < place->turn ? &kept->places[i] : place;
    }
    place->route = route;
    memcpy(&place->query, query, sizeof(*query));
    (void)snprintf(place->tag, sizeof(place->tag), "%s", tag);
    place->turn = ++kept->turn;
    place->length = answer.length;
    memcpy(place->bytes, answer.bytes, answer.length);
}
