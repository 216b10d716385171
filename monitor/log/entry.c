#include "entry.h"

#include <string.h>

#include <sharewatch/assert.h>

static const struct {
    const char *name;
    uint32_t groups;
} kinds[] = {
#define ROW(NAME, name, groups) [SW_ENTRY_##NAME] = {name, groups},
    SW_ENTRY_KIND_LIST(ROW)
#undef ROW
};

uint32_t sw_entry_write(const struct sw_entry *entry, uint8_t bytes[SW_ENTRY_BYTES_MAX])
{
    uint8_t *at = bytes + SW_ENTRY_HEAD_BYTES;
    SW_ASSERT(entry->number_count <= SW_ENTRY_NUMBERS_MAX);
    SW_ASSERT(entry->group_count <= SW_ENTRY_GROUPS);
    bytes[0] = SW_ENTRY_VERSION;
    bytes[1] = (uint8_t)entry->kind;
    bytes[2] = entry->number_count;
    bytes[3] = entry->group_count;
    sw_put_number(bytes + 4, entry->index);
    sw_put_number(bytes + 12, (uint64_t)entry->time_ms);
    sw_put_number(bytes + 20, (uint64_t)entry->row);
    for (uint32_t i = 0; i < entry->number_count; i++, at += 8) {
        sw_put_number(at, (uint64_t)entry->numbers[i]);
    }
    for (uint32_t i = 0; i < entry->group_count; i++, at += SW_HASH_BYTES) {
        memcpy(at, entry->commitments[i], SW_HASH_BYTES);
    }
    return (uint32_t)(at - bytes);
}

bool sw_entry_read(const uint8_t *bytes, uint32_t count, struct sw_entry *entry)
{
    *entry = (struct sw_entry){0};
    if (count < SW_ENTRY_HEAD_BYTES || bytes[0] != SW_ENTRY_VERSION ||
        bytes[1] >= SW_ENTRY_KIND_COUNT || bytes[2] > SW_ENTRY_NUMBERS_MAX ||
        bytes[3] != sw_entry_kind_groups((enum sw_entry_kind)bytes[1]) ||
        count != SW_ENTRY_HEAD_BYTES + bytes[2] * UINT32_C(8) + bytes[3] * SW_HASH_BYTES) {
        return false;
    }
    entry->kind = (enum sw_entry_kind)bytes[1];
    entry->number_count = bytes[2];
    entry->group_count = bytes[3];
    entry->index = sw_get_number(bytes + 4);
    entry->time_ms = (int64_t)sw_get_number(bytes + 12);
    entry->row = (int64_t)sw_get_number(bytes + 20);
    bytes += SW_ENTRY_HEAD_BYTES;
    for (uint32_t i = 0; i < entry->number_count; i++, bytes += 8) {
        entry->numbers[i] = (int64_t)sw_get_number(bytes);
    }
    for (uint32_t i = 0; i < entry->group_count; i++, bytes += SW_HASH_BYTES) {
        memcpy(entry->commitments[i], bytes, SW_HASH_BYTES);
    }
    return true;
}

const char *sw_entry_kind_name(enum sw_entry_kind kind)
{
    SW_ASSERT(kind < SW_ENTRY_KIND_COUNT);
    return kinds[kind].name;
}

uint32_t sw_entry_kind_groups(enum sw_entry_kind kind)
{
    SW_ASSERT(kind < SW_ENTRY_KIND_COUNT);
    return kinds[kind].groups;
}

void sw_entry_commit(struct sw_hasher *hasher, uint32_t group, const uint8_t salt[SW_SALT_BYTES],
                     const void *bytes, size_t count, uint8_t commitment[SW_HASH_BYTES])
{
    uint8_t head[] = "sharewatch-row-1?";
    head[sizeof(head) - 2] = (uint8_t)group;
    sw_hasher_begin(hasher);
    sw_hasher_add(hasher, head, sizeof(head) - 1);
    sw_hasher_add(hasher, salt, SW_SALT_BYTES);
    sw_hasher_add(hasher, bytes, count);
    sw_hasher_end(hasher, commitment);
}
