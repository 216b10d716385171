#include "correlate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>

#include "allocate.h"
#include "hash.h"

#define GONE_MAX     65536
#define NO_TIME      INT64_MIN
#define CAPACITY_MIN 64
#define CAPACITY_MAX (1U << 24)
#define FREED_MAX    2
#define SAVED_BYTES  32 // of a group, before its entries or stages

/* --- the shape of a table ----------------------------------------------------------------------
 */

static bool is_temporal(const struct sw_correlation *correlation)
{
    return correlation->type == SW_CORRELATION_TEMPORAL ||
           correlation->type == SW_CORRELATION_TEMPORAL_ORDERED;
}

/* The entries that a group needs to answer all limits exactly: one more than the largest. */
static uint32_t entries_needed(const struct sw_correlation *correlation)
{
    if (is_temporal(correlation)) {
        return 0;
    }
    if (correlation->type >= SW_CORRELATION_VALUE_SUM) {
        return SW_CORRELATION_VALUES_MAX;
    }
    double most = 1;
    for (uint32_t i = 0; i < correlation->limit_count; i++) {
        most = correlation->limits[i].number > most ? correlation->limits[i].number : most;
    }
    return (uint32_t)most + 1;
}

static void table_open(struct sw_group_table *table, const struct sw_correlation *correlation,
                       size_t bytes)
{
    table->correlation = correlation;
    table->entry_max = entries_needed(correlation);
    size_t data = table->entry_max > 0 ? table->entry_max * sizeof(struct sw_entry)
                                       : correlation->rule_count * sizeof(int64_t);
    table->group_bytes = (uint32_t)(sizeof(struct sw_group) + data);
    size_t capacity = bytes / (table->group_bytes + sizeof(uint32_t));
    capacity = capacity < CAPACITY_MIN ? CAPACITY_MIN : capacity;
    table->capacity = capacity > CAPACITY_MAX ? CAPACITY_MAX : (uint32_t)capacity;
    table->bucket_count = CAPACITY_MIN;
    while (table->bucket_count * 2 <= table->capacity) {
        table->bucket_count *= 2;
    }
    table->groups = sw_allocate(table->capacity, table->group_bytes);
    table->buckets = sw_allocate(table->bucket_count, sizeof(uint32_t));
    table->oldest = table->newest = table->free = SW_UNKNOWN;
    table->clock_ms = NO_TIME;
    table->kept_ms =
        (correlation->suppress_ms > correlation->timespan_ms ? correlation->suppress_ms
                                                             : correlation->timespan_ms) +
        SW_CORRELATION_LATE_MS;
}

static struct sw_group *group_at(const struct sw_group_table *table, uint32_t index)
{
    return (struct sw_group *)(void *)(table->groups + (size_t)index * table->group_bytes);
}

static struct sw_entry *entries_of(struct sw_group *group)
{
    return (struct sw_entry *)(void *)(group + 1);
}

static int64_t *stages_of(struct sw_group *group)
{
    return (int64_t *)(void *)(group + 1);
}

/* Buckets hold index + 1, so that zeroed memory is an empty table. */
static uint32_t *bucket_of(const struct sw_group_table *table, const uint64_t key[2])
{
    return &table->buckets[key[0] & (table->bucket_count - 1)];
}

static uint32_t find_group(const struct sw_group_table *table, const uint64_t key[2])
{
    uint32_t index = *bucket_of(table, key) - 1;
    while (index != SW_UNKNOWN) {
        const struct sw_group *group = group_at(table, index);
        if (group->key[0] == key[0] && group->key[1] == key[1]) {
            return index;
        }
        index = group->next;
    }
    return SW_UNKNOWN;
}

static void unlink_order(struct sw_group_table *table, const struct sw_group *group)
{
    *(group->older != SW_UNKNOWN ? &group_at(table, group->older)->newer : &table->oldest) =
        group->newer;
    *(group->newer != SW_UNKNOWN ? &group_at(table, group->newer)->older : &table->newest) =
        group->older;
}

static void append_order(struct sw_group_table *table, uint32_t index)
{
    struct sw_group *group = group_at(table, index);
    group->older = table->newest;
    group->newer = SW_UNKNOWN;
    *(table->newest != SW_UNKNOWN ? &group_at(table, table->newest)->newer : &table->oldest) =
        index;
    table->newest = index;
}

static void unlink_bucket(struct sw_group_table *table, uint32_t index)
{
    struct sw_group *group = group_at(table, index);
    uint32_t *bucket = bucket_of(table, group->key);
    if (*bucket - 1 == index) {
        *bucket = group->next + 1; // SW_UNKNOWN + 1 is 0
        return;
    }
    struct sw_group *before = group_at(table, *bucket - 1);
    while (before->next != index) {
        before = group_at(table, before->next);
    }
    before->next = group->next;
}

static void tell_gone(struct sw_correlator *correlator, const struct sw_group_table *table,
                      const struct sw_group *group)
{
    if (correlator->gone_count < GONE_MAX) { // beyond: what was saved expires by itself
        struct sw_gone *gone = &correlator->gone[correlator->gone_count++];
        *gone = (struct sw_gone){.table = (uint32_t)(table - correlator->tables),
                                 .key = {group->key[0], group->key[1]}};
    }
}

/* Takes the group that was quiet longest out of the table. */
static uint32_t give_up_oldest(struct sw_correlator *correlator, struct sw_group_table *table)
{
    uint32_t index = table->oldest;
    const struct sw_group *group = group_at(table, index);
    tell_gone(correlator, table, group);
    unlink_order(table, group);
    unlink_bucket(table, index);
    return index;
}

/* Frees what is over: at most two groups for each event, so that no event pays for many and a table
 * shrinks all the same. Groups stand in order of touched_ms. */
static void free_what_is_over(struct sw_correlator *correlator, struct sw_group_table *table)
{
    for (int i = 0; i < FREED_MAX && table->oldest != SW_UNKNOWN; i++) {
        if (group_at(table, table->oldest)->touched_ms >= table->clock_ms - table->kept_ms) {
            return;
        }
        uint32_t index = give_up_oldest(correlator, table);
        group_at(table, index)->next = table->free;
        table->free = index;
    }
}

/* A place for a new group: a free one, an unused one, else that of the group that was quiet
 * longest.
 */
static uint32_t take_place(struct sw_correlator *correlator, struct sw_group_table *table,
                           int64_t now_ms)
{
    if (table->free != SW_UNKNOWN) {
        uint32_t index = table->free;
        table->free = group_at(table, index)->next;
        return index;
    }
    if (table->count < table->capacity) {
        return table->count++;
    }
    const struct sw_group *group = group_at(table, table->oldest);
    table->evicted_total += group->last_ms >= now_ms - table->correlation->timespan_ms ? 1 : 0;
    return give_up_oldest(correlator, table);
}

static uint32_t add_group(struct sw_correlator *correlator, struct sw_group_table *table,
                          const uint64_t key[2], int64_t now_ms)
{
    uint32_t index = take_place(correlator, table, now_ms);
    struct sw_group *group = group_at(table, index);
    uint32_t *bucket = bucket_of(table, key);
    *group = (struct sw_group){.key = {key[0], key[1]},
                               .fired_ms = NO_TIME,
                               .last_ms = now_ms,
                               .touched_ms = table->clock_ms,
                               .next = *bucket - 1};
    for (uint32_t i = 0; table->entry_max == 0 && i < table->correlation->rule_count; i++) {
        stages_of(group)[i] = NO_TIME;
    }
    *bucket = index + 1;
    append_order(table, index);
    return index;
}

/* --- values of an event ------------------------------------------------------------------------
 */

/* The first value of @slot that is not null, or NULL. */
static struct sw_datum *first_value(const struct sw_matcher *matcher, uint32_t slot)
{
    for (uint32_t at = matcher->slot_first[slot]; at != SW_UNKNOWN; at = matcher->data[at].next) {
        uint8_t type = matcher->data[at].type;
        if (type != SW_DATUM_NULL && type != SW_DATUM_OTHER) {
            return &matcher->data[at];
        }
    }
    return NULL;
}

#define HASH_MISSING UINT64_C(0x6d697373696e6721)

/* A 64-bit hash of the value as text; equal numbers have equal text. */
static uint64_t hash_of_value(const struct sw_datum *datum)
{
    struct sw_text text = datum->has_canonical ? datum->canonical : datum->text;
    return sw_hash_bytes(text.bytes, text.length, UINT64_C(0x76616c7565));
}

/* What a correlation that fired hands on: the values of its group. */
struct carried {
    uint64_t values[SW_CORRELATION_GROUPS_MAX];
};

/* The hash of what @source means for this event, HASH_MISSING when it has none. */
static uint64_t value_from(const struct sw_correlator *correlator,
                           const struct sw_group_source *source, const struct carried *carried)
{
    if (carried != NULL) {
        return source->group != SW_UNKNOWN ? carried->values[source->group] : HASH_MISSING;
    }
    const struct sw_datum *datum = first_value(correlator->matcher, source->slot);
    return datum != NULL ? hash_of_value(datum) : HASH_MISSING;
}

static void make_key(struct sw_correlator *correlator, struct sw_group_table *table,
                     uint32_t member, const struct carried *carried, struct carried *values,
                     uint64_t key[2])
{
    key[0] = UINT64_C(0x67726f7570206f6e);
    key[1] = UINT64_C(0x67726f7570207477);
    bool missing = false;
    for (uint32_t i = 0; i < table->correlation->group_count; i++) {
        uint64_t value = value_from(correlator, &table->correlation->groups[member][i], carried);
        missing = missing || value == HASH_MISSING;
        values->values[i] = value;
        key[0] = sw_hash_mix(key[0] + i, value);
        key[1] = sw_hash_mix(key[1] ^ value, value << 32 | value >> 32);
    }
    table->missing_total += missing ? 1 : 0;
}

/* --- counting ----------------------------------------------------------------------------------
 */

static struct sw_entry *entry_at(const struct sw_group_table *table, struct sw_group *group,
                                 uint32_t position)
{
    uint32_t at = group->first + position;
    return &entries_of(group)[at < table->entry_max ? at : at - table->entry_max];
}

static void drop_first(const struct sw_group_table *table, struct sw_group *group)
{
    group->first = group->first + 1 < table->entry_max ? group->first + 1 : 0;
    group->count--;
}

static void drop_expired(const struct sw_group_table *table, struct sw_group *group, int64_t now_ms)
{
    int64_t from_ms = now_ms - table->correlation->timespan_ms;
    while (group->count > 0 && entry_at(table, group, 0)->time_ms < from_ms) {
        drop_first(table, group);
    }
}

static void push_entry(struct sw_group_table *table, struct sw_group *group, struct sw_entry entry)
{
    if (group->count == table->entry_max) {
        drop_first(table, group);
        bool values = table->correlation->type >= SW_CORRELATION_VALUE_SUM;
        table->entries_dropped_total += values ? 1 : 0;
    }
    group->count++;
    *entry_at(table, group, group->count - 1) = entry;
}

/* Takes the entry with @hash out, so that it comes last again with a new time. */
static void remove_value(const struct sw_group_table *table, struct sw_group *group, uint64_t hash)
{
    uint32_t at = 0;
    while (at < group->count && entry_at(table, group, at)->hash != hash) {
        at++;
    }
    if (at == group->count) {
        return;
    }
    for (; at + 1 < group->count; at++) {
        *entry_at(table, group, at) = *entry_at(table, group, at + 1);
    }
    group->count--;
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Sum, mean, median or percentile (linear between neighbours) of the entries. */
static double reckon(struct sw_correlator *correlator, const struct sw_group_table *table,
                     struct sw_group *group)
{
    double sum = 0;
    for (uint32_t i = 0; i < group->count; i++) {
        correlator->sorted[i] = entry_at(table, group, i)->number;
        sum += correlator->sorted[i];
    }
    if (table->correlation->type == SW_CORRELATION_VALUE_SUM) {
        return sum;
    }
    if (table->correlation->type == SW_CORRELATION_VALUE_AVG) {
        return sum / (double)group->count;
    }
    qsort(correlator->sorted, group->count, sizeof(double), compare_doubles);
    double percentile = table->correlation->type == SW_CORRELATION_VALUE_MEDIAN
                            ? 50
                            : table->correlation->percentile;
    double rank = percentile / 100 * (double)(group->count - 1);
    uint32_t below = (uint32_t)floor(rank);
    uint32_t above = below + 1 < group->count ? below + 1 : below;
    double share = rank - floor(rank);
    return correlator->sorted[below] * (1 - share) + correlator->sorted[above] * share;
}

static bool limits_hold(const struct sw_correlation *correlation, double value)
{
    for (uint32_t i = 0; i < correlation->limit_count; i++) {
        double limit = correlation->limits[i].number;
        bool holds = false;
        switch (correlation->limits[i].compare) {
        case SW_COMPARE_GT:
            holds = value > limit;
            break;
        case SW_COMPARE_GTE:
            holds = value >= limit;
            break;
        case SW_COMPARE_LT:
            holds = value < limit;
            break;
        case SW_COMPARE_LTE:
            holds = value <= limit;
            break;
        case SW_COMPARE_EQ:
            holds = value >= limit && value <= limit;
            break;
        case SW_COMPARE_NEQ:
            holds = value < limit || value > limit;
            break;
        }
        if (!holds) {
            return false;
        }
    }
    return true;
}

/* The event's value for a value_… correlation goes in. False: it has none. */
static bool push_value(struct sw_correlator *correlator, struct sw_group_table *table,
                       struct sw_group *group, uint32_t member, const struct carried *carried,
                       int64_t time_ms)
{
    const struct sw_correlation *correlation = table->correlation;
    const struct sw_group_source *source = &correlation->values[member];
    struct sw_entry entry = {.time_ms = time_ms};
    if (correlation->type == SW_CORRELATION_VALUE_COUNT) {
        entry.hash = value_from(correlator, source, carried);
        if (entry.hash == HASH_MISSING) {
            return false;
        }
        remove_value(table, group, entry.hash);
        push_entry(table, group, entry);
        return true;
    }
    struct sw_datum *datum =
        carried == NULL ? first_value(correlator->matcher, source->slot) : NULL;
    if (datum == NULL || !sw_datum_is_number(datum)) {
        return false;
    }
    entry.number = datum->number.real;
    push_entry(table, group, entry);
    return true;
}

static bool count_event(struct sw_correlator *correlator, struct sw_group_table *table,
                        struct sw_group *group, uint32_t member, const struct carried *carried,
                        int64_t time_ms)
{
    drop_expired(table, group, time_ms);
    if (table->correlation->type == SW_CORRELATION_EVENT_COUNT) {
        push_entry(table, group, (struct sw_entry){.time_ms = time_ms});
        return limits_hold(table->correlation, group->count);
    }
    if (!push_value(correlator, table, group, member, carried, time_ms)) {
        return false;
    }
    double value = table->correlation->type == SW_CORRELATION_VALUE_COUNT
                       ? (double)group->count
                       : reckon(correlator, table, group);
    return limits_hold(table->correlation, value);
}

/* --- sequences ---------------------------------------------------------------------------------
 */

static bool seen(struct sw_group *group, uint32_t member, int64_t from_ms)
{
    int64_t time_ms = stages_of(group)[member];
    return time_ms != NO_TIME && time_ms >= from_ms;
}

/* Recursion is bounded by the depth of conditions. */
static bool condition_holds(const struct sw_node *node, struct sw_group *group, int64_t from_ms)
{
    if (node->type == SW_NODE_PREDICATE) {
        return seen(group, node->predicate, from_ms);
    }
    if (node->type == SW_NODE_NOT) {
        return !condition_holds(node->children[0], group, from_ms);
    }
    bool all = node->type == SW_NODE_AND;
    for (uint32_t i = 0; i < node->count; i++) {
        if (condition_holds(node->children[i], group, from_ms) != all) {
            return !all;
        }
    }
    return all;
}

/* Marks that rule @member was seen; true when all that is asked for has been. */
static bool see_rule(const struct sw_group_table *table, struct sw_group *group, uint32_t member,
                     int64_t time_ms)
{
    const struct sw_correlation *correlation = table->correlation;
    int64_t from_ms = time_ms - correlation->timespan_ms;
    int64_t *stage = &stages_of(group)[member];
    *stage = *stage == NO_TIME || time_ms > *stage ? time_ms : *stage;
    if (correlation->condition != NULL) {
        return condition_holds(correlation->condition, group, from_ms);
    }
    uint32_t count = 0;
    for (uint32_t i = 0; i < correlation->rule_count; i++) {
        count += seen(group, i, from_ms) ? 1 : 0;
    }
    return correlation->limit_count > 0 ? limits_hold(correlation, count)
                                        : count == correlation->rule_count;
}

/* Each stage keeps the latest start of a sequence that reached it: if any sequence is within the
 * time span, that one is. */
static bool reach_stage(const struct sw_group_table *table, struct sw_group *group, uint32_t member,
                        int64_t time_ms)
{
    const struct sw_correlation *correlation = table->correlation;
    int64_t *stages = stages_of(group);
    int64_t start = member == 0 ? time_ms : stages[member - 1];
    if (start == NO_TIME || start < time_ms - correlation->timespan_ms) {
        return false;
    }
    stages[member] = start > stages[member] ? start : stages[member];
    return member + 1 == correlation->rule_count;
}

/* --- events ------------------------------------------------------------------------------------
 */

static void feed_rule(struct sw_correlator *correlator, uint32_t rule,
                      const struct carried *carried, int64_t time_ms);

static bool is_suppressed(const struct sw_correlation *correlation, const struct sw_group *group,
                          int64_t time_ms)
{
    return correlation->suppress_ms > 0 && group->fired_ms != NO_TIME &&
           time_ms - group->fired_ms < correlation->suppress_ms;
}

static void fire(struct sw_correlator *correlator, const struct sw_group_table *table,
                 const struct carried *values, int64_t time_ms)
{
    const struct sw_rule *dates = &correlator->rules[table->correlation->rule];
    if (time_ms < dates->from_ms || time_ms >= dates->until_ms) {
        return;
    }
    for (uint32_t i = 0; i < correlator->fired_count; i++) {
        if (correlator->fired[i] == table->correlation->rule) {
            return;
        }
    }
    SW_ASSERT(correlator->fired_count < correlator->table_count);
    correlator->fired[correlator->fired_count++] = table->correlation->rule;
    feed_rule(correlator, table->correlation->rule, values, time_ms);
}

static void feed_table(struct sw_correlator *correlator, const struct sw_feed *feed,
                       const struct carried *carried, int64_t time_ms)
{
    struct sw_group_table *table = &correlator->tables[feed->table];
    struct carried values = {{0}};
    uint64_t key[2];
    table->clock_ms = time_ms > table->clock_ms ? time_ms : table->clock_ms;
    free_what_is_over(correlator, table);
    make_key(correlator, table, feed->member, carried, &values, key);
    uint32_t index = find_group(table, key);
    bool counts_once = !is_temporal(table->correlation);
    if (counts_once && index != SW_UNKNOWN && correlator->touched[feed->table] == index + 1U) {
        return; // another of its rules brought this event
    }
    if (index == SW_UNKNOWN) {
        index = add_group(correlator, table, key, time_ms);
    } else {
        unlink_order(table, group_at(table, index));
        append_order(table, index);
    }
    struct sw_group *group = group_at(table, index);
    correlator->touched[feed->table] = index + 1U;
    group->last_ms = time_ms > group->last_ms ? time_ms : group->last_ms;
    group->touched_ms = table->clock_ms;
    group->dirty = true;
    bool fires = table->correlation->type == SW_CORRELATION_TEMPORAL
                     ? see_rule(table, group, feed->member, time_ms)
                 : table->correlation->type == SW_CORRELATION_TEMPORAL_ORDERED
                     ? reach_stage(table, group, feed->member, time_ms)
                     : count_event(correlator, table, group, feed->member, carried, time_ms);
    if (fires && !is_suppressed(table->correlation, group, time_ms)) {
        group->fired_ms = time_ms;
        fire(correlator, table, &values, time_ms);
    }
}

/* Recursion is bounded by the chain of correlations, which was checked when they were loaded.
 * Later stages of a sequence come first, so that one event is not two of them. */
static void feed_rule(struct sw_correlator *correlator, uint32_t rule,
                      const struct carried *carried, int64_t time_ms)
{
    for (uint32_t i = correlator->feed_first[rule]; i < correlator->feed_first[rule + 1]; i++) {
        feed_table(correlator, &correlator->feeds[i], carried, time_ms);
    }
}

/* Whether @rule is among the matches of the event. */
static bool has_matched(const struct sw_matcher *matcher, uint32_t rule)
{
    uint32_t low = 0;
    uint32_t high = matcher->match_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (matcher->matches[middle].rule == rule) {
            return true;
        }
        if (matcher->matches[middle].rule < rule) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return false;
}

/* A sequence takes its rules from the last to the first, so that one event is one stage only. */
static void feed_sequence(struct sw_correlator *correlator, uint32_t table, int64_t time_ms)
{
    const struct sw_correlation *correlation = correlator->tables[table].correlation;
    for (uint32_t i = correlation->rule_count; i > 0; i--) {
        uint32_t rule = correlation->rules[i - 1];
        if (correlator->sources[rule].kind == SW_RULE_DETECTION &&
            has_matched(correlator->matcher, rule)) {
            struct sw_feed feed = {table, i - 1};
            feed_table(correlator, &feed, NULL, time_ms);
        }
    }
}

void sw_correlate(struct sw_correlator *correlator, int64_t time_ms)
{
    struct sw_matcher *matcher = correlator->matcher;
    correlator->fired_count = 0;
    if (correlator->table_count == 0 || matcher->match_count == 0) {
        return;
    }
    if (time_ms == NO_TIME) {
        time_ms = correlator->latest_ms;
    }
    correlator->latest_ms = time_ms > correlator->latest_ms ? time_ms : correlator->latest_ms;
    memset(correlator->touched, 0, correlator->table_count * sizeof(uint64_t));
    for (uint32_t table = 0; table < correlator->table_count; table++) {
        if (correlator->tables[table].correlation->type == SW_CORRELATION_TEMPORAL_ORDERED) {
            feed_sequence(correlator, table, time_ms);
        }
    }
    for (uint32_t i = 0; i < matcher->match_count; i++) {
        feed_rule(correlator, matcher->matches[i].rule, NULL, time_ms);
    }
}

/* --- set-up ------------------------------------------------------------------------------------
 */

/* Sequences over detection rules are fed by feed_sequence(). */
static bool is_fed(const struct sw_correlator *correlator, const struct sw_correlation *correlation,
                   uint32_t member)
{
    return correlation->type != SW_CORRELATION_TEMPORAL_ORDERED ||
           correlator->sources[correlation->rules[member]].kind == SW_RULE_CORRELATION;
}

static void make_feeds(struct sw_correlator *correlator, uint32_t rule_count)
{
    correlator->feed_first = sw_allocate((size_t)rule_count + 2, sizeof(uint32_t));
    uint32_t total = 0;
    for (uint32_t i = 0; i < correlator->table_count; i++) {
        const struct sw_correlation *correlation = correlator->tables[i].correlation;
        SW_ASSERT(correlation != NULL);
        for (uint32_t j = 0; j < correlation->rule_count; j++) {
            if (is_fed(correlator, correlation, j)) {
                correlator->feed_first[correlation->rules[j] + 2]++;
                total++;
            }
        }
    }
    for (uint32_t i = 0; i < rule_count; i++) {
        correlator->feed_first[i + 2] += correlator->feed_first[i + 1];
    }
    correlator->feeds = sw_allocate(total, sizeof(struct sw_feed));
    for (uint32_t i = 0; i < correlator->table_count; i++) {
        const struct sw_correlation *correlation = correlator->tables[i].correlation;
        for (uint32_t j = correlation->rule_count; j > 0; j--) {
            if (is_fed(correlator, correlation, j - 1)) {
                uint32_t at = correlator->feed_first[correlation->rules[j - 1] + 1]++;
                correlator->feeds[at] = (struct sw_feed){i, j - 1};
            }
        }
    }
}

void sw_correlator_open(struct sw_correlator *correlator, struct sw_matcher *matcher,
                        const struct sw_rule *rules, const struct sw_rule_source *sources,
                        uint32_t rule_count, size_t bytes)
{
    *correlator = (struct sw_correlator){.matcher = matcher, .rules = rules, .sources = sources};
    for (uint32_t i = 0; i < rule_count; i++) {
        correlator->table_count += sources[i].kind == SW_RULE_CORRELATION ? 1 : 0;
    }
    correlator->tables = sw_allocate(correlator->table_count, sizeof(struct sw_group_table));
    correlator->fired = sw_allocate(correlator->table_count, sizeof(uint32_t));
    correlator->touched = sw_allocate(correlator->table_count, sizeof(uint64_t));
    correlator->sorted = sw_allocate(SW_CORRELATION_VALUES_MAX, sizeof(double));
    correlator->gone =
        sw_allocate(correlator->table_count > 0 ? GONE_MAX : 1, sizeof(struct sw_gone));
    uint32_t table = 0;
    for (uint32_t i = 0; i < rule_count; i++) {
        if (sources[i].kind == SW_RULE_CORRELATION) {
            SW_ASSERT(table < correlator->table_count);
            table_open(&correlator->tables[table++], sources[i].correlation,
                       bytes / correlator->table_count);
        }
    }
    uint32_t largest = 0;
    for (uint32_t i = 0; i < correlator->table_count; i++) {
        uint32_t bytes_of = correlator->tables[i].group_bytes;
        largest = bytes_of > largest ? bytes_of : largest;
    }
    correlator->saved = sw_allocate((size_t)largest + SAVED_BYTES, 1);
    make_feeds(correlator, rule_count);
}

void sw_correlator_close(struct sw_correlator *correlator)
{
    for (uint32_t i = 0; i < correlator->table_count; i++) {
        free(correlator->tables[i].groups);
        free(correlator->tables[i].buckets);
    }
    free(correlator->tables);
    free(correlator->fired);
    free(correlator->touched);
    free(correlator->sorted);
    free(correlator->gone);
    free(correlator->saved);
    free(correlator->feed_first);
    free(correlator->feeds);
    *correlator = (struct sw_correlator){0};
}

/* --- saving ------------------------------------------------------------------------------------
 */

static void write_key(const struct sw_group_table *table, const uint64_t group[2],
                      char key[SW_STATE_KEY_BYTES])
{
    memcpy(key, &table->correlation->signature, 8);
    memcpy(key + 8, group, 16);
}

/* A group is saved as: last time, time it fired, clock when it was touched, count, then its entries
 * or stages. */
static void tell_group(const struct sw_group_table *table, struct sw_group *group, char *value,
                       sw_state_fn tell, void *context)
{
    char key[SW_STATE_KEY_BYTES];
    uint64_t count = table->entry_max > 0 ? group->count : table->correlation->rule_count;
    uint32_t length = SAVED_BYTES;
    memcpy(value, &group->last_ms, 8);
    memcpy(value + 8, &group->fired_ms, 8);
    memcpy(value + 16, &group->touched_ms, 8);
    memcpy(value + 24, &count, 8);
    for (uint32_t i = 0; i < count && table->entry_max > 0; i++) {
        memcpy(value + length, entry_at(table, group, i), sizeof(struct sw_entry));
        length += (uint32_t)sizeof(struct sw_entry);
    }
    if (table->entry_max == 0) {
        memcpy(value + length, stages_of(group), count * sizeof(int64_t));
        length += (uint32_t)(count * sizeof(int64_t));
    }
    write_key(table, group->key, key);
    tell(context, (struct sw_text){key, SW_STATE_KEY_BYTES}, (struct sw_text){value, length});
}

void sw_correlator_drain(struct sw_correlator *correlator, sw_state_fn tell, void *context)
{
    char key[SW_STATE_KEY_BYTES];
    for (uint32_t i = 0; i < correlator->gone_count; i++) {
        const struct sw_gone *gone = &correlator->gone[i];
        write_key(&correlator->tables[gone->table], gone->key, key);
        tell(context, (struct sw_text){key, SW_STATE_KEY_BYTES}, (struct sw_text){NULL, 0});
    }
    correlator->gone_count = 0;
    for (uint32_t i = 0; i < correlator->table_count; i++) {
        /* What changed moved to the new end, so the changed ones stand there without a break. */
        struct sw_group_table *table = &correlator->tables[i];
        uint32_t first = table->newest;
        while (first != SW_UNKNOWN && group_at(table, first)->dirty &&
               group_at(table, first)->older != SW_UNKNOWN &&
               group_at(table, group_at(table, first)->older)->dirty) {
            first = group_at(table, first)->older;
        }
        for (uint32_t at = first; at != SW_UNKNOWN; at = group_at(table, at)->newer) {
            struct sw_group *group = group_at(table, at);
            if (group->dirty) {
                tell_group(table, group, correlator->saved, tell, context);
                group->dirty = false;
            }
        }
    }
}

void sw_correlator_walk(const struct sw_correlator *correlator, sw_state_fn tell, void *context)
{
    for (uint32_t i = 0; i < correlator->table_count; i++) {
        const struct sw_group_table *table = &correlator->tables[i];
        for (uint32_t at = table->oldest; at != SW_UNKNOWN; at = group_at(table, at)->newer) {
            tell_group(table, group_at(table, at), correlator->saved, tell, context);
        }
    }
}

static struct sw_group_table *find_table(struct sw_correlator *correlator, uint64_t signature)
{
    for (uint32_t i = 0; i < correlator->table_count; i++) {
        if (correlator->tables[i].correlation->signature == signature) {
            return &correlator->tables[i];
        }
    }
    return NULL;
}

void sw_correlator_clear(struct sw_correlator *correlator)
{
    correlator->gone_count = 0;
    correlator->latest_ms = 0;
    for (uint32_t i = 0; i < correlator->table_count; i++) {
        struct sw_group_table *table = &correlator->tables[i];
        memset(table->buckets, 0, table->bucket_count * sizeof(uint32_t));
        table->oldest = table->newest = table->free = SW_UNKNOWN;
        table->count = 0;
        table->clock_ms = NO_TIME;
    }
}

/* What tell_group() wrote, in parts. */
struct saved {
    uint64_t signature, key[2], count;
    int64_t last_ms, fired_ms, touched_ms;
};

static bool read_saved(struct sw_text key, struct sw_text value, struct saved *saved)
{
    if (key.length != SW_STATE_KEY_BYTES || value.length < SAVED_BYTES) {
        return false;
    }
    memcpy(&saved->signature, key.bytes, 8);
    memcpy(saved->key, key.bytes + 8, 16);
    memcpy(&saved->last_ms, value.bytes, 8);
    memcpy(&saved->fired_ms, value.bytes + 8, 8);
    memcpy(&saved->touched_ms, value.bytes + 16, 8);
    memcpy(&saved->count, value.bytes + 24, 8);
    return true;
}

bool sw_correlator_put(struct sw_correlator *correlator, struct sw_text key, struct sw_text value)
{
    struct saved saved;
    struct sw_group_table *table =
        read_saved(key, value, &saved) ? find_table(correlator, saved.signature) : NULL;
    if (table == NULL) {
        return false;
    }
    bool entries = table->entry_max > 0;
    uint64_t most = entries ? table->entry_max : table->correlation->rule_count;
    size_t bytes = entries ? sizeof(struct sw_entry) : sizeof(int64_t);
    if (saved.count > most || value.length != SAVED_BYTES + saved.count * bytes ||
        (!entries && saved.count != most)) {
        return false;
    }
    uint32_t index = find_group(table, saved.key);
    if (index == SW_UNKNOWN) {
        index = add_group(correlator, table, saved.key, saved.last_ms);
    }
    struct sw_group *group = group_at(table, index);
    group->last_ms = saved.last_ms;
    group->fired_ms = saved.fired_ms;
    group->touched_ms = saved.touched_ms;
    group->first = 0;
    group->count = entries ? (uint32_t)saved.count : 0;
    memcpy(group + 1, value.bytes + SAVED_BYTES, saved.count * bytes);
    table->clock_ms = saved.touched_ms > table->clock_ms ? saved.touched_ms : table->clock_ms;
    correlator->latest_ms =
        saved.last_ms > correlator->latest_ms ? saved.last_ms : correlator->latest_ms;
    return true;
}
