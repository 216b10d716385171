#include "import_event.h"

#include <string.h>

#include <sharewatch/taxonomy.h>
#include <sharewatch/time.h>

#define IDENTIFIER_MIN 3  // letters and digits; fewer would be no plate and no number of a case
#define PLATE_MAX      10 // the longest in North America has 8
#define IDENTIFIER_MAX 32

static void write_id(const uint8_t *id, char prefix, struct sw_buffer *buffer)
{
    static const char digits[] = "0123456789abcdef";
    char text[1 + 2 * SW_SEARCH_ID_BYTES + 1];
    text[0] = prefix;
    for (int i = 0; i < SW_SEARCH_ID_BYTES; i++) {
        text[1 + 2 * i] = digits[id[i] >> 4];
        text[2 + 2 * i] = digits[id[i] & 15];
    }
    sw_buffer_append(buffer, (struct sw_text){text, 1 + 2 * SW_SEARCH_ID_BYTES});
}

static void begin(const char *type, const uint8_t *id, char prefix, int64_t time_ms,
                  struct sw_buffer *buffer)
{
    char time[SW_TIME_BYTES];
    sw_time_format(time_ms, time);
    sw_buffer_append_string(buffer, "{\"specversion\":\"1.0\",\"id\":\"");
    write_id(id, prefix, buffer);
    sw_buffer_append_string(buffer, "\",\"source\":\"" SW_IMPORT_SOURCE
                                    "\",\"type\":\"org.sharewatch.plate.");
    sw_buffer_append_string(buffer, type);
    sw_buffer_append_string(buffer, ".v1\",\"time\":\"");
    sw_buffer_append_string(buffer, time);
    sw_buffer_append_string(buffer, "\"");
}

/* "actor":{"agency":"X","class":"local","system":"FLOCK"}; system may be NULL. */
static void write_side(const char *name, const struct sw_organisation *side, const char *system,
                       struct sw_buffer *buffer)
{
    const struct sw_enum_info *classes = sw_field_info(SW_FIELD_ACTOR_CLASS)->values;
    bool named = side != NULL && side->id[0] != '\0';
    if (!named && system == NULL) {
        return;
    }
    sw_buffer_append_string(buffer, "\"");
    sw_buffer_append_string(buffer, name);
    sw_buffer_append_string(buffer, "\":{");
    if (named) {
        sw_buffer_append_string(buffer, "\"agency\":\"");
        sw_buffer_append_string(buffer, side->id);
        sw_buffer_append_string(buffer, system != NULL || side->class_code != 0 ? "\"," : "\"");
        if (side->class_code != 0) {
            sw_buffer_append_string(buffer, "\"class\":\"");
            sw_buffer_append_string(buffer, classes->values[side->class_code]);
            sw_buffer_append_string(buffer, system != NULL ? "\"," : "\"");
        }
    }
    if (system != NULL) {
        sw_buffer_append_string(buffer, "\"system\":\"");
        sw_buffer_append_string(buffer, system);
        sw_buffer_append_string(buffer, "\"");
    }
    sw_buffer_append_string(buffer, "},");
}

static void write_edge(const struct sw_import_place *place, struct sw_buffer *buffer)
{
    if (place->edge.length > 0) {
        sw_buffer_append_string(buffer, "\"edge\":\"");
        sw_buffer_append(buffer, place->edge);
        sw_buffer_append_string(buffer, "\",");
    }
}

/* Classes that the edge out of the vendor's store leads to. */
static bool leads_out(uint16_t class_code)
{
    return class_code == SW_AGENCY_CLASS_OOS || class_code == SW_AGENCY_CLASS_FED_IMM ||
           class_code == SW_AGENCY_CLASS_FED_NONIMM;
}

static bool is_pool(const struct sw_flock_cell *type)
{
    struct sw_text pool = SW_TEXT("lookup");
    return type->text.length >= pool.length &&
           sw_text_equal_fold((struct sw_text){type->text.bytes, pool.length}, pool);
}

/* Who searched and who gets the result. Of a searcher nobody knows, a person must decide. */
static void write_sides(const struct sw_import_place *place, const struct sw_import_search *search,
                        struct sw_buffer *buffer)
{
    const struct sw_organisation *searcher = search->searcher;
    const char *store = place->has_store ? SW_IMPORT_STORE : NULL;
    if (search->own || sw_organisation_is_californian(searcher->class_code)) {
        write_side("actor", searcher, NULL, buffer);
        return;
    }
    bool out = leads_out(searcher->class_code);
    write_side("actor", searcher, out ? store : NULL, buffer);
    write_side("recipient", searcher, NULL, buffer);
    if (out && store != NULL) {
        write_edge(place, buffer);
        sw_buffer_append_string(
            buffer, is_pool(&search->row->search_type) ? "\"share_scope\":\"national\"," : "");
    }
}

static void write_purpose(const struct sw_import_search *search, struct sw_buffer *buffer)
{
    if (!search->purpose_known) {
        sw_buffer_append_string(buffer, ",\"purpose_code\":\"unknown\"");
    }
    if (search->reason.length > 0) {
        sw_buffer_append_string(buffer, ",\"reason\":");
        sw_buffer_append_json(buffer, search->reason);
    }
}

static void write_token(const char *field, const char *token, struct sw_buffer *buffer)
{
    if (token[0] != '\0') {
        sw_buffer_append_format(buffer, ",\"%s\":\"%s\"", field, token);
    }
}

/* What stands between the letters of one plate or one number; anything else parts several. */
static bool is_filler(char c)
{
    return c == ' ' || c == '-' || c == '.' || c == '#' || c == '/';
}

static char upper(char c)
{
    static const char small[] = "abcdefghijklmnopqrstuvwxyz";
    static const char large[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *found = c != '\0' ? strchr(small, c) : NULL;
    if (found == NULL) {
        return c;
    }
    return large[found - small];
}

bool sw_import_token(const struct sw_token_key *key, enum sw_token_domain domain,
                     const struct sw_flock_cell *cell, char token[SW_TOKEN_BYTES])
{
    char plain[IDENTIFIER_MAX];
    uint32_t most = domain == SW_TOKEN_VEHICLE ? PLATE_MAX : IDENTIFIER_MAX;
    uint32_t length = 0;
    token[0] = '\0';
    if (cell->state != SW_CELL_VALUE) {
        return false;
    }
    for (uint32_t i = 0; i < cell->text.length; i++) {
        char c = upper(cell->text.bytes[i]);
        bool counts = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (length == most || (!counts && !is_filler(c))) {
            return false;
        }
        if (counts) {
            plain[length++] = c;
        }
    }
    if (length < IDENTIFIER_MIN) {
        return false;
    }
    sw_token(key, domain, (struct sw_text){plain, length}, token);
    return true;
}

void sw_import_write_search(const struct sw_import_place *place,
                            const struct sw_import_search *search, struct sw_buffer *buffer)
{
    begin("search", search->event_id, 's', search->row->time_ms, buffer);
    sw_buffer_append_string(buffer, ",\"data\":{");
    write_sides(place, search, buffer);
    sw_buffer_append_string(
        buffer, "\"data_class\":\"alpr_search_result\",\"trigger\":\"officer_initiated\"");
    write_purpose(search, buffer);
    write_token("vehicle_tok", search->vehicle_tok, buffer);
    write_token("case_tok", search->case_tok, buffer);
    if (search->row->networks >= 0) {
        sw_buffer_append_format(buffer, ",\"networks\":%lld", (long long)search->row->networks);
    }
    sw_buffer_append_string(buffer, "}}");
}

void sw_import_write_correction(const struct sw_import_search *search, const uint8_t *parent,
                                struct sw_buffer *buffer)
{
    begin("search", search->event_id, 'c', search->row->time_ms, buffer);
    sw_buffer_append_string(buffer, ",\"swparent\":\"");
    write_id(parent, 's', buffer);
    sw_buffer_append_string(buffer, "\",\"swcorrects\":true,\"data\":{\"reason\":");
    sw_buffer_append_json(buffer, search->reason);
    sw_buffer_append_string(buffer, "}}");
}

/* A share with one agency. One with an agency of this state moves nothing out: its partner is only
 * told when the map knows whose data it is and so what may happen to it. */
static void write_partner(const struct sw_import_place *place,
                          const struct sw_import_change *change, struct sw_buffer *buffer)
{
    bool inside = sw_organisation_is_californian(change->partner->class_code);
    bool out = leads_out(change->partner->class_code) && place->has_store;
    write_side("actor", change->producer, out ? SW_IMPORT_STORE : NULL, buffer);
    if (!inside || change->producer->on_map) {
        write_side("recipient", change->partner, NULL, buffer);
    }
    if (out) {
        write_edge(place, buffer);
    }
    sw_buffer_append_string(buffer, "\"data_class\":\"alpr_read\",\"share_scope\":\"one_to_one\"");
}

/* A setting that opens the cameras to the pool of the state or of the nation. */
static void write_scope(const struct sw_import_place *place, const struct sw_import_change *change,
                        struct sw_buffer *buffer)
{
    bool out = change->national && place->has_store;
    write_side("actor", change->producer, out ? SW_IMPORT_STORE : NULL, buffer);
    if (out) {
        write_edge(place, buffer);
    } else if (!change->national) {
        sw_buffer_append_string(buffer, "\"recipient\":{\"class\":\"local\"},");
    }
    sw_buffer_append_format(buffer, "\"data_class\":\"setting\",\"share_scope\":\"%s\"",
                            change->national ? "national" : "state");
}

void sw_import_write_change(const struct sw_import_place *place,
                            const struct sw_import_change *change, struct sw_buffer *buffer)
{
    begin(change->partner != NULL ? "share" : "settings", change->event_id, 'e', change->time_ms,
          buffer);
    sw_buffer_append_string(buffer, ",\"data\":{");
    if (change->partner != NULL) {
        write_partner(place, change, buffer);
    } else {
        write_scope(place, change, buffer);
    }
    sw_buffer_append_format(buffer, ",\"trigger\":\"config_change\",\"enabled\":%s}}",
                            change->enabled ? "true" : "false");
}
