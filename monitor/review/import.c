/*
 * Reasons and organisations repeat, so what was worked out of one is kept in a small table that a
 * hash of the text leads to; a new text simply takes the place of an older one.
 */
#include "import.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include <sharewatch/assert.h>
#include <sharewatch/wire.h>

#include "audit_file.h"
#include "import_event.h"
#include "reason.h"
#include "scrub.h"

#define CACHED_ORGS        1024 // a power of two
#define CACHED_REASONS     4096 // likewise
#define CACHED_TEXT_BYTES  96   // longer texts are worked out each time
#define ROW_BYTES_TYPICAL  64   // of the shortest rows that are common, to guess how many there are
#define ROWS_TELLING       4    // below a header, to trust it
#define SCRUBBED_BYTES_MAX (4 * SW_TEXT_BYTES_MAX)

struct sw_import_cached_org {
    char name[CACHED_TEXT_BYTES];
    uint32_t length; // 0: free
    bool personal;   // it looks like a person's data
    struct sw_organisation organisation;
};

/* What a reason says after scrubbing. */
struct sw_import_cached_reason {
    char text[CACHED_TEXT_BYTES];
    uint32_t length; // 0: free
    char scrubbed[2 * CACHED_TEXT_BYTES];
    uint32_t scrubbed_length;
    uint32_t masks;
    uint16_t class_code, quality;
};

/* A row while it is taken. */
struct taken {
    struct sw_flock_row row;
    struct sw_organisation searcher;
    bool own;
    char scrubbed[SCRUBBED_BYTES_MAX];
    struct sw_text reason; // scrubbed
    uint32_t masks;
    uint16_t class_code, quality; // 0 without a reason
    struct sw_search_key key;
    uint8_t event_id[SW_SEARCH_ID_BYTES];
};

/* --- opening --- */

/* The edge that leads out of the vendor's store by a search, and whether the map has that store. */
static void find_store(struct sw_import *import)
{
    const struct sw_map *map = import->map;
    uint16_t store = map != NULL ? sw_map_node(map, SW_TEXT(SW_IMPORT_STORE)) : SW_NONE;
    import->has_store = store != SW_NONE;
    if (!import->has_store) {
        return;
    }
    uint32_t search = UINT32_C(1) << (SW_ACTION_PLATE_SEARCH - sw_kind_first_action(SW_KIND_PLATE));
    for (uint16_t i = 0; i < map->edge_count && import->edge.length == 0; i++) {
        const struct sw_edge *edge = &map->edges[i];
        bool leaves = false;
        for (uint16_t k = 0; k < edge->from_count; k++) {
            leaves = leaves || edge->from[k] == store;
        }
        if (leaves && edge->enabled && (edge->events[SW_KIND_PLATE] & search) != 0) {
            import->edge = edge->id;
        }
    }
}

enum sw_status sw_import_open(struct sw_import *import, const struct sw_map *map,
                              const struct sw_import_sink *sink, uint64_t bytes)
{
    memset(import, 0, offsetof(struct sw_import, files));
    import->map = map;
    import->sink = sink;
    import->counts.first_ms = INT64_MAX;
    import->counts.last_ms = INT64_MIN;
    find_store(import);
    import->buffer = malloc(SW_CSV_BUFFER_BYTES);
    import->orgs = calloc(CACHED_ORGS, sizeof(*import->orgs));
    import->reasons = calloc(CACHED_REASONS, sizeof(*import->reasons));
    import->hash = EVP_MD_CTX_new();
    import->hash_method = EVP_MD_fetch(NULL, "SHA256", NULL);
    bool reserved = import->buffer != NULL && import->orgs != NULL && import->reasons != NULL &&
                    import->hash != NULL && import->hash_method != NULL &&
                    sw_search_index_open(&import->index, bytes / ROW_BYTES_TYPICAL) == SW_OK;
    if (!reserved) {
        sw_import_close(import);
    }
    return reserved ? SW_OK : SW_NO_MEMORY;
}

void sw_import_close(struct sw_import *import)
{
    free(import->buffer);
    free(import->orgs);
    free(import->reasons);
    EVP_MD_CTX_free(import->hash);
    EVP_MD_free(import->hash_method);
    sw_search_index_close(&import->index);
    import->buffer = NULL;
    import->orgs = NULL;
    import->reasons = NULL;
    import->hash = NULL;
    import->hash_method = NULL;
}

/* --- hashes --- */

static void begin_hash(struct sw_import *import)
{
    int done = EVP_DigestInit_ex2(import->hash, import->hash_method, NULL);
    SW_ASSERT(done == 1);
}

static void add_hash(struct sw_import *import, const void *bytes, size_t count)
{
    int done = EVP_DigestUpdate(import->hash, bytes, count);
    SW_ASSERT(done == 1);
}

static void end_hash(struct sw_import *import, uint8_t digest[32])
{
    int done = EVP_DigestFinal_ex(import->hash, digest, NULL);
    SW_ASSERT(done == 1);
}

/* The first 64 bits of a digest, never 0. */
static uint64_t head(const uint8_t digest[32])
{
    uint64_t number;
    memcpy(&number, digest, sizeof(number));
    return number != 0 ? number : 1;
}

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Which search the row is of. The id of its event comes from the vendor's id, or else from where
 * and when it was made. */
static void find_key(struct sw_import *import, struct taken *taken)
{
    const struct sw_flock_row *row = &taken->row;
    uint8_t digest[32];
    struct {
        int64_t second, networks;
        char org[SW_ORGANISATION_ID_BYTES + 7];
    } where = {.second = row->time_ms / 1000, .networks = row->networks};
    int64_t frame[2] = {row->frame_from_ms, row->frame_to_ms};
    /* Only the id itself: what stands behind its end is of an earlier name. */
    memcpy(where.org, taken->searcher.id, strlen(taken->searcher.id));
    taken->key = (struct sw_search_key){0};
    begin_hash(import);
    add_hash(import, &where, sizeof(where));
    end_hash(import, digest);
    taken->key.where = row->networks >= 0 ? head(digest) : 0;
    if (frame[0] != 0 || frame[1] != 0) {
        taken->key.frame = (uint32_t)((uint64_t)frame[0] / 1000 * 31 + (uint64_t)frame[1] / 1000);
    }
    if (row->id.state == SW_CELL_VALUE) {
        char id[SW_ID_BYTES_MAX];
        uint32_t length = row->id.text.length < sizeof(id) ? row->id.text.length : sizeof(id);
        for (uint32_t i = 0; i < length; i++) {
            id[i] = lower(row->id.text.bytes[i]);
        }
        begin_hash(import);
        add_hash(import, id, length);
        end_hash(import, digest);
        taken->key.id = head(digest);
    } else {
        begin_hash(import);
        add_hash(import, digest, sizeof(digest));
        add_hash(import, frame, sizeof(frame));
        end_hash(import, digest);
    }
    memcpy(taken->event_id, digest, sizeof(taken->event_id));
}

/* --- texts --- */

static struct sw_import_cached_org *find_org(struct sw_import *import, struct sw_text name)
{
    struct sw_import_cached_org *place = &import->orgs[sw_text_hash(name) & (CACHED_ORGS - 1)];
    if (place->length == name.length && memcmp(place->name, name.bytes, name.length) == 0) {
        return place;
    }
    char scrubbed[SCRUBBED_BYTES_MAX];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, scrubbed, sizeof(scrubbed));
    place->length = name.length <= sizeof(place->name) ? name.length : 0;
    memcpy(place->name, name.bytes, place->length);
    place->personal = sw_scrub_text(name, &buffer) > 0 || buffer.overflowed;
    sw_organisation_read(import->map, name, &place->organisation);
    return place;
}

/* Who searched. */
static enum sw_flock_fault read_searcher(struct sw_import *import, struct taken *taken)
{
    const struct sw_flock_cell *org = &taken->row.org;
    taken->searcher = (struct sw_organisation){.id = SW_IMPORT_UNKNOWN};
    taken->own = org->state == SW_CELL_NOT_EXPORTED;
    if (taken->own) {
        if (import->producer.id[0] != '\0') {
            taken->searcher = import->producer;
        }
        return SW_FAULT_NONE;
    }
    if (org->state != SW_CELL_VALUE) {
        return SW_FAULT_NONE;
    }
    if (org->text.length > SW_TEXT_BYTES_MAX) {
        return SW_FAULT_TEXT_LENGTH;
    }
    const struct sw_import_cached_org *found = find_org(import, org->text);
    if (found->personal) {
        return SW_FAULT_PERSONAL;
    }
    if (found->organisation.id[0] != '\0') {
        taken->searcher = found->organisation;
    }
    taken->own = strcmp(taken->searcher.id, import->producer.id) == 0;
    return SW_FAULT_NONE;
}

static void class_reason(struct taken *taken, struct sw_buffer *buffer, struct sw_text reason)
{
    sw_buffer_init(buffer, taken->scrubbed, sizeof(taken->scrubbed));
    taken->masks = sw_scrub_text(reason, buffer);
    taken->reason = sw_buffer_text(buffer);
    taken->class_code = sw_reason_class(taken->reason);
    taken->quality = sw_reason_quality(taken->reason);
}

/* Scrubs the reason and reads it. */
static enum sw_flock_fault read_reason(struct sw_import *import, struct taken *taken)
{
    struct sw_text reason = taken->row.reason.text;
    taken->reason = (struct sw_text){0};
    taken->masks = 0;
    taken->class_code = taken->quality = 0;
    if (reason.length == 0) {
        return SW_FAULT_NONE;
    }
    if (reason.length > SW_TEXT_BYTES_MAX) {
        return SW_FAULT_TEXT_LENGTH;
    }
    struct sw_import_cached_reason *place =
        &import->reasons[sw_text_hash(reason) & (CACHED_REASONS - 1)];
    if (place->length == reason.length && memcmp(place->text, reason.bytes, reason.length) == 0) {
        taken->reason = (struct sw_text){place->scrubbed, place->scrubbed_length};
        taken->masks = place->masks;
        taken->class_code = place->class_code;
        taken->quality = place->quality;
        return SW_FAULT_NONE;
    }
    struct sw_buffer buffer;
    class_reason(taken, &buffer, reason);
    if (buffer.overflowed || buffer.length > SW_TEXT_BYTES_MAX) {
        return SW_FAULT_TEXT_LENGTH;
    }
    if (reason.length <= sizeof(place->text) && buffer.length <= sizeof(place->scrubbed)) {
        place->length = reason.length;
        memcpy(place->text, reason.bytes, reason.length);
        place->scrubbed_length = buffer.length;
        memcpy(place->scrubbed, buffer.bytes, buffer.length);
        place->masks = taken->masks;
        place->class_code = taken->class_code;
        place->quality = taken->quality;
    }
    return SW_FAULT_NONE;
}

/* --- counting --- */

static bool names_immigration(uint16_t class_code)
{
    return class_code != 0 && class_code != SW_PURPOSE_CLASS_NONE;
}

/* A purpose is assessable when the reason names one or describes something, or when there is a
 * number to look it up by. */
static bool is_assessable(const struct sw_search *search)
{
    return names_immigration(search->reason_class) ||
           search->reason_quality == SW_REASON_QUALITY_CODE ||
           search->reason_quality == SW_REASON_QUALITY_CASE_NUMBER ||
           search->reason_quality == SW_REASON_QUALITY_DESCRIPTIVE;
}

/* Adds (or takes away, @by -1) what a search says of its purpose. */
static void count_reason(struct sw_import_counts *counts, const struct sw_search *search,
                         int64_t by)
{
    uint64_t step = (uint64_t)by;
    counts->reason_state[search->reason_state] += step;
    counts->reason_class[search->reason_class] += step;
    counts->reason_quality[search->reason_quality] += step;
    counts->not_assessable += is_assessable(search) ? 0 : step;
    counts->names_immigration += names_immigration(search->reason_class) ? step : 0;
}

static void set_reason(struct sw_search *search, const struct taken *taken)
{
    search->reason_state = (uint8_t)taken->row.reason.state;
    search->reason_class = (uint8_t)taken->class_code;
    search->reason_quality = (uint8_t)taken->quality;
}

static void count_search(struct sw_import *import, const struct taken *taken,
                         const struct sw_search *search)
{
    struct sw_import_counts *counts = &import->counts;
    int64_t time_ms = taken->row.time_ms;
    counts->searches++;
    import->files[import->file_count - 1].searches++;
    counts->by_class[taken->searcher.class_code]++;
    counts->with_case += taken->row.has_case ? 1 : 0;
    counts->scrubbed += taken->masks > 0 ? 1 : 0;
    counts->first_ms = time_ms < counts->first_ms ? time_ms : counts->first_ms;
    counts->last_ms = time_ms > counts->last_ms ? time_ms : counts->last_ms;
    count_reason(counts, search, 1);
}

static struct sw_import_file *current(struct sw_import *import)
{
    SW_ASSERT(import->file_count > 0);
    return &import->files[import->file_count - 1];
}

static void quarantine(struct sw_import *import, const char *code)
{
    import->counts.quarantined++;
    current(import)->quarantined++;
    if (import->sink != NULL) {
        struct sw_import_row row = {.row = import->csv.row,
                                    .line = import->csv.line,
                                    .offset = import->csv.offset,
                                    .bytes = import->csv.bytes};
        import->sink->quarantine(import->sink->context, current(import), &row, code);
    }
}

static void quarantine_fault(struct sw_import *import, enum sw_flock_fault fault)
{
    import->counts.faults[fault]++;
    quarantine(import, sw_flock_fault_code(fault));
}

/* The pipeline would not have it. */
static void quarantine_refused(struct sw_import *import, const char *code)
{
    struct sw_import_counts *counts = &import->counts;
    uint32_t i = 0;
    while (i < counts->refused_count && strcmp(counts->refused[i].code, code) != 0) {
        i++;
    }
    if (i < SW_IMPORT_REFUSED_MAX) {
        if (i == counts->refused_count) {
            (void)strncpy(counts->refused[i].code, code, sizeof(counts->refused[i].code) - 1);
            counts->refused_count++;
        }
        counts->refused[i].rows++;
    }
    quarantine(import, code);
}

/* --- searches --- */

static enum sw_status send(struct sw_import *import, struct sw_text payload,
                           struct sw_import_answer *answer)
{
    *answer = (struct sw_import_answer){0};
    enum sw_status status =
        import->sink->take(import->sink->context, SW_TEXT(SW_IMPORT_TOPIC), payload, answer);
    if (status == SW_MALFORMED) {
        quarantine_refused(import, answer->code);
    }
    return status;
}

static void add_evidence(struct sw_import *import, int64_t event_row, uint32_t masks)
{
    if (import->sink != NULL && event_row != 0) {
        import->sink->add_evidence(import->sink->context, import->csv.row, import->csv.line,
                                   event_row, masks);
    }
}

static struct sw_import_search search_of(const struct taken *taken)
{
    return (struct sw_import_search){
        .row = &taken->row,
        .searcher = &taken->searcher,
        .own = taken->own,
        .reason = taken->reason,
        .purpose_known = taken->quality != 0 && taken->quality != SW_REASON_QUALITY_BLANK,
        .event_id = taken->event_id,
    };
}

/* Whoever has no key cannot link searches for one vehicle, and nobody can read a plate. */
static void add_tokens(struct sw_import *import, struct sw_import_search *told)
{
    if (import->tokens == NULL) {
        return;
    }
    bool vehicle =
        sw_import_token(import->tokens, SW_TOKEN_VEHICLE, &told->row->plate, told->vehicle_tok);
    bool number =
        sw_import_token(import->tokens, SW_TOKEN_CASE, &told->row->number, told->case_tok);
    import->counts.vehicle_tokens += vehicle ? 1 : 0;
    import->counts.case_tokens += number ? 1 : 0;
}

/* A correction gets an id of its own: of the search and of what the reason says. */
static enum sw_status send_correction(struct sw_import *import, struct taken *taken,
                                      const struct sw_search *search)
{
    char bytes[8192];
    struct sw_buffer buffer;
    uint8_t digest[32];
    struct sw_import_search told = search_of(taken);
    begin_hash(import);
    add_hash(import, search->event_id, sizeof(search->event_id));
    add_hash(import, taken->reason.bytes, taken->reason.length);
    end_hash(import, digest);
    told.event_id = digest;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_import_write_correction(&told, search->event_id, &buffer);
    struct sw_import_answer answer;
    return buffer.overflowed ? SW_OK : send(import, sw_buffer_text(&buffer), &answer);
}

/* True when the copy says what the search did not: a reason where there was none, or one that names
 * immigration where the other did not. */
static bool says_more(const struct sw_search *search, const struct taken *taken)
{
    bool had_text = search->reason_quality != 0;
    bool has_text = taken->reason.length > 0;
    bool names_more =
        names_immigration(taken->class_code) && !names_immigration(search->reason_class);
    return has_text && (!had_text || names_more);
}

/* Makes the search say what the copy says. */
static enum sw_status take_more(struct sw_import *import, struct taken *taken,
                                struct sw_search *search)
{
    import->counts.corrections++;
    count_reason(&import->counts, search, -1);
    set_reason(search, taken);
    count_reason(&import->counts, search, 1);
    enum sw_status status = import->sink != NULL ? send_correction(import, taken, search) : SW_OK;
    return status == SW_DATABASE ? SW_DATABASE : SW_OK;
}

static enum sw_status take_copy(struct sw_import *import, struct taken *taken,
                                struct sw_search *search)
{
    import->counts.duplicates++;
    current(import)->duplicates++;
    add_evidence(import, search->event_row, taken->masks);
    if (says_more(search, taken)) {
        return take_more(import, taken, search);
    }
    bool other = taken->reason.length > 0 && (taken->class_code != search->reason_class ||
                                              taken->quality != search->reason_quality);
    import->counts.reasons_differ += other ? 1 : 0;
    return SW_OK;
}

/* What an earlier import knew of the reason. */
static void set_earlier(struct sw_search *search, struct sw_text reason)
{
    bool given = reason.length > 0;
    search->reason_state = given ? SW_CELL_VALUE : SW_CELL_EMPTY;
    search->reason_class = (uint8_t)(given ? sw_reason_class(reason) : 0);
    search->reason_quality = (uint8_t)(given ? sw_reason_quality(reason) : 0);
}

static enum sw_status send_search(struct sw_import *import, const struct taken *taken,
                                  struct sw_import_answer *answer)
{
    char bytes[8192];
    struct sw_buffer buffer;
    struct sw_import_place place = {.has_store = import->has_store, .edge = import->edge};
    struct sw_import_search told = search_of(taken);
    add_tokens(import, &told);
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_import_write_search(&place, &told, &buffer);
    SW_ASSERT(!buffer.overflowed);
    enum sw_status status = send(import, sw_buffer_text(&buffer), answer);
    import->counts.logged_before += status == SW_EXISTS ? 1 : 0;
    return status;
}

/* A search that this run has not seen; the log may have. */
static enum sw_status take_new(struct sw_import *import, struct taken *taken)
{
    struct sw_import_answer answer = {0};
    struct sw_search alone = {0};
    enum sw_status status = import->sink != NULL ? send_search(import, taken, &answer) : SW_OK;
    if (status == SW_DATABASE || status == SW_MALFORMED) {
        return status == SW_DATABASE ? status : SW_OK;
    }
    struct sw_search *search = sw_search_index_add(&import->index, &taken->key);
    import->counts.unlinked += search == NULL ? 1 : 0;
    search = search != NULL ? search : &alone;
    memcpy(search->event_id, taken->event_id, sizeof(search->event_id));
    search->event_row = answer.event_row;
    set_reason(search, taken);
    if (answer.differs) {
        set_earlier(search, answer.reason);
    }
    count_search(import, taken, search);
    add_evidence(import, answer.event_row, taken->masks);
    return answer.differs && says_more(search, taken) ? take_more(import, taken, search) : SW_OK;
}

static enum sw_status take_search(struct sw_import *import, struct taken *taken)
{
    enum sw_flock_fault fault = read_searcher(import, taken);
    if (fault == SW_FAULT_NONE) {
        fault = read_reason(import, taken);
    }
    if (fault != SW_FAULT_NONE) {
        quarantine_fault(import, fault);
        return SW_OK;
    }
    find_key(import, taken);
    struct sw_search *search = sw_search_index_find(&import->index, &taken->key);
    return search != NULL ? take_copy(import, taken, search) : take_new(import, taken);
}

/* --- changes of sharing --- */

static bool is(struct sw_text text, const char *wanted)
{
    return sw_text_equal_fold(text, sw_text_from(wanted));
}

/* "on", "true", "enabled" …; 0 when it says neither, -1 off, 1 on. */
static int read_switch(struct sw_text text)
{
    static const char *const on[] = {"true", "on", "yes", "enabled", "1"};
    static const char *const off[] = {"false", "off", "no", "disabled", "0"};
    for (size_t i = 0; i < sizeof(on) / sizeof(on[0]); i++) {
        if (is(text, on[i]) || is(text, off[i])) {
            return is(text, on[i]) ? 1 : -1;
        }
    }
    return 0;
}

/* What a change of settings says of the pools; false: nothing of them, or nothing clear. */
static bool read_pools(struct sw_text details, struct sw_import_change *change)
{
    int nation = read_switch(sw_flock_detail(details, "national"));
    int state = read_switch(sw_flock_detail(details, "state"));
    change->national = nation != 0 && (nation > 0 || state <= 0);
    change->enabled = change->national ? nation > 0 : state > 0;
    return nation != 0 || state != 0;
}

static void find_change_id(struct sw_import *import, struct taken *taken)
{
    const struct sw_flock_row *row = &taken->row;
    const struct sw_text texts[] = {row->id.text, row->event_type.text, row->entity_type.text,
                                    row->details.text};
    uint8_t digest[32];
    size_t count = row->id.state == SW_CELL_VALUE ? 1 : sizeof(texts) / sizeof(texts[0]);
    begin_hash(import);
    add_hash(import, &row->time_ms, sizeof(row->time_ms));
    for (size_t i = 0; i < count; i++) {
        add_hash(import, texts[i].bytes, texts[i].length);
    }
    end_hash(import, digest);
    memcpy(taken->event_id, digest, sizeof(taken->event_id));
    taken->key = (struct sw_search_key){.id = head(digest)};
}

static enum sw_status send_change(struct sw_import *import, struct taken *taken,
                                  struct sw_import_change *change)
{
    char bytes[4096];
    struct sw_buffer buffer;
    struct sw_import_answer answer = {0};
    change->time_ms = taken->row.time_ms;
    change->producer = &import->producer;
    change->event_id = taken->event_id;
    if (import->sink != NULL) {
        struct sw_import_place place = {.has_store = import->has_store, .edge = import->edge};
        sw_buffer_init(&buffer, bytes, sizeof(bytes));
        sw_import_write_change(&place, change, &buffer);
        SW_ASSERT(!buffer.overflowed);
        enum sw_status status = send(import, sw_buffer_text(&buffer), &answer);
        if (status == SW_DATABASE || status == SW_MALFORMED) {
            return status == SW_DATABASE ? status : SW_OK;
        }
        import->counts.logged_before += status == SW_EXISTS ? 1 : 0;
    }
    struct sw_search *known = sw_search_index_add(&import->index, &taken->key);
    if (known != NULL) {
        known->event_row = answer.event_row;
    }
    import->counts.changes++;
    current(import)->changes++;
    add_evidence(import, answer.event_row, 0);
    return SW_OK;
}

static enum sw_status take_share(struct sw_import *import, struct taken *taken)
{
    struct sw_flock_cell partner =
        sw_flock_cell(sw_flock_detail(taken->row.details.text, "receiving organization"));
    bool named = partner.state == SW_CELL_VALUE && partner.text.length <= SW_TEXT_BYTES_MAX;
    const struct sw_import_cached_org *org = named ? find_org(import, partner.text) : NULL;
    if (org == NULL || org->personal || org->organisation.id[0] == '\0') {
        quarantine_fault(import, org != NULL && org->personal ? SW_FAULT_PERSONAL : SW_FAULT_SHARE);
        return SW_OK;
    }
    struct sw_import_change change = {.partner = &org->organisation,
                                      .enabled = !is(taken->row.event_type.text, "delete")};
    return send_change(import, taken, &change);
}

static enum sw_status take_settings(struct sw_import *import, struct taken *taken)
{
    struct sw_import_change change = {0};
    if (!read_pools(taken->row.details.text, &change)) {
        quarantine_fault(import, SW_FAULT_SHARE);
        return SW_OK;
    }
    return send_change(import, taken, &change);
}

/* Of an event log, only what changes sharing is read; details of hot lists hold plates. */
static enum sw_status take_change(struct sw_import *import, struct taken *taken)
{
    bool share = is(taken->row.entity_type.text, "networkShare");
    if (!share && !is(taken->row.entity_type.text, "networkShareSettings")) {
        import->counts.other_entities++;
        return SW_OK;
    }
    find_change_id(import, taken);
    struct sw_search *known = sw_search_index_find(&import->index, &taken->key);
    if (known != NULL) {
        import->counts.duplicates++;
        current(import)->duplicates++;
        add_evidence(import, known->event_row, 0);
        return SW_OK;
    }
    return share ? take_share(import, taken) : take_settings(import, taken);
}

/* --- rows --- */

static bool is_blank_row(const struct sw_csv *csv)
{
    for (uint32_t i = 0; i < csv->cell_count; i++) {
        for (uint32_t k = 0; k < csv->cells[i].length; k++) {
            char c = csv->cells[i].bytes[k];
            if (c != ' ' && c != '\t') {
                return false;
            }
        }
    }
    return csv->cell_count > 0;
}

/* The names of unknown columns are shown to people, so they are scrubbed like any text. */
static void read_unknown(struct sw_import *import)
{
    import->rows_under = import->rows_as_wide = 0;
    import->unknown_count = 0;
    for (uint32_t i = 0; i < import->header.unknown_count; i++) {
        struct sw_text name = import->csv.cells[import->header.unknown[i]];
        if (import->unknown_count < SW_IMPORT_UNKNOWN_MAX &&
            sw_audit_file_column(name, import->unknown[import->unknown_count],
                                 SW_IMPORT_NAME_BYTES)) {
            import->unknown_count++;
        }
    }
}

/* When the rows of a header are over, and most had as many cells; few rows tell nothing where many
 * names are unknown: to a header whose end is lost a row is joined, and an officer's name would
 * pass for a column's. */
static void list_unknown(struct sw_import *import)
{
    struct sw_import_file *file = current(import);
    bool many = import->header.unknown_count * 3 >= import->header.cell_count;
    if (import->rows_as_wide * 2 <= import->rows_under ||
        (many && import->rows_under < ROWS_TELLING)) {
        import->unknown_count = 0;
    }
    for (uint32_t i = 0; i < import->unknown_count; i++) {
        bool listed = false;
        for (uint32_t k = 0; k < file->unknown_count; k++) {
            listed = listed || strcmp(file->unknown[k], import->unknown[i]) == 0;
        }
        if (!listed && file->unknown_count < SW_IMPORT_UNKNOWN_MAX) {
            memcpy(file->unknown[file->unknown_count++], import->unknown[i], SW_IMPORT_NAME_BYTES);
        }
    }
    import->unknown_count = 0;
}

/* A header: the first, the same again, or that of another export stacked below. */
static bool take_header(struct sw_import *import)
{
    struct sw_flock_header header;
    if (!sw_flock_read_header(&import->csv, &header)) {
        return false;
    }
    struct sw_import_file *file = current(import);
    if (import->header.kind == SW_FLOCK_NONE) {
        file->kind = header.kind;
        if (import->sink != NULL) {
            import->sink->begin_file(import->sink->context, file);
        }
    } else {
        import->counts.headers++;
        file->headers++;
        list_unknown(import);
    }
    import->header = header;
    read_unknown(import);
    return true;
}

/* Lines above the first header, such as a title, are not data; without any header all rows are
 * quarantined, so that nothing is passed over silently. */
static enum sw_status take_row(struct sw_import *import, struct taken *taken)
{
    struct sw_csv *csv = &import->csv;
    if (is_blank_row(csv)) {
        import->counts.blank_lines++;
        return SW_OK;
    }
    enum sw_flock_fault fault = sw_flock_read_row(csv, &import->header, &taken->row);
    bool maybe_header =
        fault == SW_FAULT_NO_HEADER || fault == SW_FAULT_TIME || fault == SW_FAULT_CELLS;
    if (maybe_header && take_header(import)) {
        return SW_OK;
    }
    import->counts.rows++;
    current(import)->rows++;
    import->rows_under++;
    import->rows_as_wide += csv->cell_count == import->header.cell_count ? 1 : 0;
    if (fault != SW_FAULT_NONE) {
        quarantine_fault(import, fault);
        (void)sw_csv_again(csv);
        return SW_OK;
    }
    return import->header.kind == SW_FLOCK_EVENTS ? take_change(import, taken)
                                                  : take_search(import, taken);
}

/* --- files --- */

/* The same file twice in one call counts once. */
static bool is_seen(const struct sw_import *import, const struct sw_import_file *file)
{
    for (const struct sw_import_file *other = import->files; other < file; other++) {
        if (other->skipped == SW_IMPORT_READ && other->bytes == file->bytes &&
            memcmp(other->digest, file->digest, sizeof(file->digest)) == 0) {
            return true;
        }
    }
    return false;
}

static enum sw_status read_rows(struct sw_import *import, int descriptor)
{
    struct taken taken;
    enum sw_status status = SW_OK;
    uint64_t uncommitted = 0;
    sw_csv_init(&import->csv, descriptor, import->buffer);
    import->header = (struct sw_flock_header){.kind = SW_FLOCK_NONE};
    import->unknown_count = 0;
    while (status == SW_OK) {
        enum sw_status read = sw_csv_next(&import->csv);
        if (read == SW_IO) {
            current(import)->skipped = SW_IMPORT_UNREADABLE;
        }
        if (read != SW_OK) {
            break;
        }
        status = take_row(import, &taken);
        if (status == SW_OK && import->sink != NULL && ++uncommitted == SW_IMPORT_ROWS_COMMIT) {
            status = import->sink->commit(import->sink->context);
            uncommitted = 0;
        }
    }
    list_unknown(import);
    if (status == SW_OK && import->sink != NULL) {
        status = import->sink->commit(import->sink->context);
    }
    return status;
}

enum sw_status sw_import_file(struct sw_import *import, const char *path, struct sw_text agency)
{
    if (import->file_count == SW_IMPORT_FILES_MAX) {
        return SW_FULL;
    }
    struct sw_import_file *file = &import->files[import->file_count++];
    *file = (struct sw_import_file){0};
    sw_audit_file_name(path, file->name, sizeof(file->name));
    sw_organisation_read(import->map, agency, &import->producer);
    memcpy(file->agency, import->producer.id, sizeof(file->agency));
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        file->skipped = SW_IMPORT_UNREADABLE;
        return SW_OK;
    }
    enum sw_status status = SW_OK;
    file->skipped = sw_audit_file_look(descriptor, import->buffer, SW_CSV_BUFFER_BYTES,
                                       file->digest, &file->bytes);
    if (file->skipped == SW_IMPORT_READ && is_seen(import, file)) {
        file->skipped = SW_IMPORT_SEEN;
    }
    if (file->skipped == SW_IMPORT_READ) {
        status = read_rows(import, descriptor);
    }
    (void)close(descriptor);
    return status;
}
