#include "names.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include <sharewatch/assert.h>

static_assert(SW_ACTION_COUNT < UINT8_MAX, "an action fits the byte of a name");
static_assert(SW_FIELD_COUNT < UINT8_MAX, "a field fits the byte of a name");
static_assert(SW_NAMES_SLOTS >=
                  3 * (SW_FIELD_COUNT + SW_GROUPS_MAX + SW_ATTRIBUTE_COUNT + SW_ACTION_COUNT),
              "the table of names stays sparse");

static const char *const attributes[SW_ATTRIBUTE_COUNT] = {
    [SW_ATTRIBUTE_SPECVERSION] = "specversion",
    [SW_ATTRIBUTE_ID] = "id",
    [SW_ATTRIBUTE_SOURCE] = "source",
    [SW_ATTRIBUTE_TYPE] = "type",
    [SW_ATTRIBUTE_TIME] = "time",
    [SW_ATTRIBUTE_RECORDEDTIME] = "recordedtime",
    [SW_ATTRIBUTE_SEQUENCE] = "sequence",
    [SW_ATTRIBUTE_SWPARENT] = "swparent",
    [SW_ATTRIBUTE_SWCORRECTS] = "swcorrects",
    [SW_ATTRIBUTE_SWSYNTHETIC] = "swsynthetic",
    [SW_ATTRIBUTE_DATACONTENTTYPE] = "datacontenttype",
    [SW_ATTRIBUTE_DATA] = "data",
};

const char *sw_attribute_name(enum sw_attribute attribute)
{
    SW_ASSERT(attribute < SW_ATTRIBUTE_COUNT);
    return attributes[attribute];
}

/* The first sixteen bytes of a key, zeros after its end. */
struct words {
    uint64_t head, tail;
};
static_assert(sizeof(struct words) == SW_NAMES_READABLE, "words hold what is read");

/* Which bytes of a word stand for its first @length, at most 8. */
static uint64_t first_bytes(uint32_t length)
{
    static const uint64_t masks[] = {0,
                                     UINT64_C(0xff),
                                     UINT64_C(0xffff),
                                     UINT64_C(0xffffff),
                                     UINT64_C(0xffffffff),
                                     UINT64_C(0xffffffffff),
                                     UINT64_C(0xffffffffffff),
                                     UINT64_C(0xffffffffffffff),
                                     UINT64_MAX};
    uint64_t mask = masks[length < 8 ? length : 8];
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    mask = __builtin_bswap64(mask);
#endif
    return mask;
}

static inline struct words words_of(struct sw_text key, uint32_t readable)
{
    char copy[SW_NAMES_READABLE];
    const char *bytes = key.bytes;
    struct words words;
    if (readable < sizeof(copy)) {
        memset(copy, 0, sizeof(copy));
        memcpy(copy, bytes, key.length < sizeof(copy) ? key.length : sizeof(copy));
        bytes = copy;
    }
    memcpy(&words, bytes, sizeof(words));
    words.head &= first_bytes(key.length);
    words.tail &= first_bytes(key.length > 8 ? key.length - 8 : 0);
    return words;
}

static uint32_t slot_of(uint8_t scope, const struct words *words)
{
    uint64_t hash = (words->head ^ (words->tail << 23 | words->tail >> 41)) + scope;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return (uint32_t)(hash >> 32) % SW_NAMES_SLOTS;
}

static bool is_it(const struct sw_name *name, uint8_t scope, const struct words *words,
                  struct sw_text key)
{
    return name->head == words->head && name->tail == words->tail && name->scope == scope &&
           name->key.length == key.length &&
           (key.length <= SW_NAMES_READABLE || sw_text_equal(name->key, key));
}

const struct sw_name *sw_names_find(const struct sw_names *names, uint8_t scope, struct sw_text key,
                                    uint32_t readable)
{
    struct words words = words_of(key, readable);
    uint32_t slot = slot_of(scope, &words);
    while (names->slots[slot].kind != SW_NAME_UNKNOWN) {
        if (is_it(&names->slots[slot], scope, &words, key)) {
            break;
        }
        slot = (slot + 1) % SW_NAMES_SLOTS;
    }
    return &names->slots[slot];
}

static struct sw_name *add(struct sw_names *names, uint8_t scope, struct sw_text key,
                           enum sw_name_kind kind, uint32_t target)
{
    struct words words = words_of(key, key.length);
    uint32_t slot = slot_of(scope, &words);
    while (names->slots[slot].kind != SW_NAME_UNKNOWN) {
        slot = (slot + 1) % SW_NAMES_SLOTS;
    }
    names->slots[slot] = (struct sw_name){.head = words.head,
                                          .tail = words.tail,
                                          .key = key,
                                          .scope = scope,
                                          .kind = (uint8_t)kind,
                                          .target = (uint8_t)target};
    return &names->slots[slot];
}

/* The number of the group called @group, added when it is new. */
static uint32_t group_number(struct sw_names *names, struct sw_text group)
{
    for (uint32_t i = 0; i < names->group_count; i++) {
        if (sw_text_equal(names->groups[i], group)) {
            return i;
        }
    }
    SW_ASSERT(names->group_count < SW_GROUPS_MAX);
    names->groups[names->group_count] = group;
    (void)add(names, SW_SCOPE_DATA, group, SW_NAME_GROUP, names->group_count);
    return names->group_count++;
}

static void add_types(struct sw_names *names)
{
    for (int kind = SW_KIND_NONE + 1; kind < SW_KIND_COUNT; kind++) {
        for (uint32_t i = 0; i < sw_kind_action_count((enum sw_kind)kind); i++) {
            uint32_t action = (uint32_t)sw_kind_first_action((enum sw_kind)kind) + i;
            struct sw_buffer buffer;
            sw_buffer_init(&buffer, names->types[action], SW_TYPE_BYTES_MAX);
            sw_buffer_append_string(&buffer, sw_kind_name((enum sw_kind)kind));
            sw_buffer_append_string(&buffer, ".");
            sw_buffer_append_string(&buffer, sw_action_name((enum sw_action)action));
            SW_ASSERT(!buffer.overflowed);
            add(names, SW_SCOPE_TYPE, sw_buffer_text(&buffer), SW_NAME_ACTION, action)->event =
                (uint8_t)kind;
        }
    }
}

void sw_names_init(struct sw_names *names)
{
    add_types(names);
    for (uint32_t i = 0; i < SW_ATTRIBUTE_COUNT; i++) {
        (void)add(names, SW_SCOPE_ENVELOPE, sw_text_from(attributes[i]), SW_NAME_ATTRIBUTE, i);
    }
    for (uint32_t field = 0; field < SW_FIELD_COUNT; field++) {
        struct sw_text name = sw_text_from(sw_field_info((enum sw_field)field)->name);
        const char *dot = memchr(name.bytes, '.', name.length);
        uint8_t scope = SW_SCOPE_DATA;
        struct sw_text key = name;
        if (dot != NULL) {
            uint32_t length = (uint32_t)(dot - name.bytes);
            scope = (uint8_t)(SW_SCOPE_GROUPS +
                              group_number(names, (struct sw_text){name.bytes, length}));
            key = (struct sw_text){dot + 1, name.length - length - 1};
        }
        (void)add(names, scope, key, SW_NAME_FIELD, field);
    }
}
