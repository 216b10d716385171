/*
 * The file: one page of header, then the ring. A record is its head, the topic and the payload,
 * padded to 8 bytes. `head` moves behind a record only when it is complete, so that a kill in the
 * middle leaves nothing; the checksums are for the power cut, after which pages of the ring may be
 * older than the header.
 */
#include "spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sharewatch/assert.h>
#include <sharewatch/now.h>
#include <sharewatch/text.h>
#include <sharewatch/wire.h>

#include "digest.h"

#define MAGIC        "swspool1"
#define HEADER_BYTES 4096
#define FILE_MODE    0600 // raw packets: nobody else
#define WAIT_MS      100  // of one wait for room, before it looks again

struct record {
    uint32_t bytes; // of the whole record, padded
    uint32_t topic_bytes;
    uint32_t payload_bytes; // as sent; kept up to SW_PACKET_BYTES_MAX
    uint32_t reserved;
    uint64_t position; // its own
    int64_t received_ms;
    uint8_t digest[32]; // of the payload as sent
    uint64_t checksum;  // of the fields before and of the topic
};

static_assert(sizeof(struct record) % 8 == 0, "records are padded to 8 bytes");
static_assert(SW_SPOOL_BYTES_MIN >
                  sizeof(struct record) + SW_TOPIC_BYTES_MAX + 8 + SW_PACKET_BYTES_MAX,
              "the largest record fits");

static enum sw_status fail(struct sw_spool *spool, const char *path, const char *doing)
{
    (void)snprintf(spool->sentence, sizeof(spool->sentence), "spool %s: %s: %s", path, doing,
                   strerror(errno));
    return SW_IO;
}

static char *at(const struct sw_spool *spool, uint64_t position)
{
    return spool->ring + (position & (spool->ring_bytes - 1));
}

/* ---- opening ---- */

static bool make_file(struct sw_spool *spool, uint64_t ring_bytes)
{
    struct sw_spool_header header = {.ring_bytes = ring_bytes};
    memcpy(header.magic, MAGIC, sizeof(header.magic));
    if (getrandom(&header.file, sizeof(header.file), 0) != (ssize_t)sizeof(header.file)) {
        return false;
    }
    header.file &= INT64_MAX; // readable by people in the log
    /* Reserved now: a full disk must not show as a bus error later. */
    int error = posix_fallocate(spool->descriptor, 0, (off_t)(HEADER_BYTES + ring_bytes));
    if (error != 0) {
        errno = error;
        return false;
    }
    return pwrite(spool->descriptor, &header, sizeof(header), 0) == (ssize_t)sizeof(header);
}

/* Size and header of a file that was there. */
static bool is_spool(struct sw_spool *spool, off_t bytes)
{
    struct sw_spool_header header;
    if (pread(spool->descriptor, &header, sizeof(header), 0) != (ssize_t)sizeof(header)) {
        return false;
    }
    spool->ring_bytes = header.ring_bytes;
    bool power_of_two = (header.ring_bytes & (header.ring_bytes - 1)) == 0;
    return memcmp(header.magic, MAGIC, sizeof(header.magic)) == 0 && power_of_two &&
           header.ring_bytes >= SW_SPOOL_BYTES_MIN && header.tail <= header.head &&
           header.head - header.tail <= header.ring_bytes &&
           bytes == (off_t)(HEADER_BYTES + header.ring_bytes);
}

static enum sw_status open_file(struct sw_spool *spool, const char *path, uint64_t ring_bytes)
{
    struct stat status;
    spool->descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    if (spool->descriptor < 0 || fstat(spool->descriptor, &status) != 0) {
        return fail(spool, path, "opening");
    }
    if (flock(spool->descriptor, LOCK_EX | LOCK_NB) != 0) {
        (void)snprintf(spool->sentence, sizeof(spool->sentence),
                       "spool %s: another monitor uses it; stop that one, or choose another log",
                       path);
        return SW_IO;
    }
    spool->ring_bytes = ring_bytes;
    if (status.st_size == 0) {
        return make_file(spool, ring_bytes) ? SW_OK : fail(spool, path, "reserving its space");
    }
    if (!is_spool(spool, status.st_size)) {
        (void)snprintf(spool->sentence, sizeof(spool->sentence),
                       "%s is not a spool of sharewatch, or damaged; move it away and start again: "
                       "what was in it and not yet receipted will be sent again",
                       path);
        return SW_IO;
    }
    return SW_OK;
}

/* The ring twice, one behind the other: what runs over the end goes on at the beginning. */
static enum sw_status map_file(struct sw_spool *spool, const char *path)
{
    size_t bytes = (size_t)spool->ring_bytes;
    void *header =
        mmap(NULL, HEADER_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, spool->descriptor, 0);
    if (header == MAP_FAILED) {
        return fail(spool, path, "mapping");
    }
    spool->header = header;
    char *ring =
        mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE, MAP_SHARED, spool->descriptor, HEADER_BYTES);
    if (ring == MAP_FAILED) {
        return fail(spool, path, "mapping");
    }
    spool->ring = ring;
    if (mmap(ring + bytes, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, spool->descriptor,
             HEADER_BYTES) == MAP_FAILED) {
        return fail(spool, path, "mapping");
    }
    return SW_OK;
}

static void find_place(struct sw_spool *spool, int64_t file, int64_t position)
{
    uint64_t known = (uint64_t)position;
    bool ours =
        file == spool->header->file && known >= spool->header->tail && known <= spool->header->head;
    spool->next = ours ? known : spool->header->tail;
    spool->recovered = spool->header->head;
    atomic_store(&spool->header->tail, spool->next);
}

enum sw_status sw_spool_open(struct sw_spool *spool, const char *path, uint64_t ring_bytes,
                             int64_t file, int64_t position)
{
    SW_ASSERT((ring_bytes & (ring_bytes - 1)) == 0);
    SW_ASSERT(ring_bytes >= SW_SPOOL_BYTES_MIN);
    *spool = (struct sw_spool){.descriptor = -1};
    enum sw_status status = open_file(spool, path, ring_bytes);
    if (status == SW_OK) {
        status = map_file(spool, path);
    }
    if (status == SW_OK) {
        pthread_condattr_t monotonic;
        bool ready = pthread_condattr_init(&monotonic) == 0 &&
                     pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
                     pthread_mutex_init(&spool->mutex, NULL) == 0 &&
                     pthread_cond_init(&spool->room, &monotonic) == 0;
        SW_ASSERT(ready);
        find_place(spool, file, position);
        return SW_OK;
    }
    sw_spool_close(spool);
    return status;
}

void sw_spool_close(struct sw_spool *spool)
{
    if (spool->ring != NULL) {
        (void)munmap(spool->ring, 2 * (size_t)spool->ring_bytes);
        spool->ring = NULL;
    }
    if (spool->header != NULL) {
        (void)munmap(spool->header, HEADER_BYTES);
        spool->header = NULL;
    }
    if (spool->descriptor > 0) {
        (void)close(spool->descriptor);
    }
    spool->descriptor = -1;
}

/* ---- appending ---- */

static uint64_t checksum(const struct record *record, const char *topic)
{
    struct sw_text head = {(const char *)record, offsetof(struct record, checksum)};
    return sw_text_hash(head) * 31 + sw_text_hash((struct sw_text){topic, record->topic_bytes});
}

static bool has_room(const struct sw_spool *spool, uint64_t head, uint64_t bytes)
{
    return head + bytes - atomic_load(&spool->header->tail) <= spool->ring_bytes;
}

/* The signal may come between looking and waiting; then the wait's own end makes up for it. */
static void wait_for_room(struct sw_spool *spool, uint64_t head, uint64_t bytes)
{
    int64_t since_ms = sw_steady_ms();
    (void)atomic_fetch_add(&spool->waits_total, 1);
    (void)pthread_mutex_lock(&spool->mutex);
    atomic_store(&spool->waiting, true);
    while (!has_room(spool, head, bytes)) {
        int64_t until_ms = sw_steady_ms() + WAIT_MS;
        struct timespec until = {.tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000};
        (void)pthread_cond_timedwait(&spool->room, &spool->mutex, &until);
    }
    atomic_store(&spool->waiting, false);
    (void)pthread_mutex_unlock(&spool->mutex);
    (void)atomic_fetch_add(&spool->wait_ms_total, (uint64_t)(sw_steady_ms() - since_ms));
}

void sw_spool_append(struct sw_spool *spool, const struct sw_packet *packet)
{
    uint64_t head = atomic_load_explicit(&spool->header->head, memory_order_relaxed);
    uint32_t topic_bytes =
        packet->topic.length <= SW_TOPIC_BYTES_MAX ? packet->topic.length : SW_TOPIC_BYTES_MAX + 1;
    uint32_t kept = packet->payload.length <= SW_PACKET_BYTES_MAX ? packet->payload.length : 0;
    uint64_t bytes = (sizeof(struct record) + topic_bytes + kept + 7) & ~UINT64_C(7);
    if (!has_room(spool, head, bytes)) {
        wait_for_room(spool, head, bytes);
    }
    struct record record = {.bytes = (uint32_t)bytes,
                            .topic_bytes = topic_bytes,
                            .payload_bytes = packet->payload.length,
                            .position = head,
                            .received_ms = packet->received_ms};
    memcpy(record.digest, packet->digest, sizeof(record.digest));
    record.checksum = checksum(&record, packet->topic.bytes);
    char *place = at(spool, head);
    memcpy(place, &record, sizeof(record));
    if (topic_bytes > 0) {
        memcpy(place + sizeof(record), packet->topic.bytes, topic_bytes);
    }
    if (kept > 0) {
        memcpy(place + sizeof(record) + topic_bytes, packet->payload.bytes, kept);
    }
    atomic_store_explicit(&spool->header->head, head + bytes, memory_order_release);
    (void)atomic_fetch_add_explicit(&spool->appended_total, 1, memory_order_relaxed);
}

/* ---- taking ---- */

/* The record at @position, whose lengths are within the ring. False: damaged. */
static bool read_record(const struct sw_spool *spool, uint64_t position, uint64_t head,
                        struct record *record)
{
    if (head - position < sizeof(*record)) {
        return false;
    }
    memcpy(record, at(spool, position), sizeof(*record));
    uint32_t kept = record->payload_bytes <= SW_PACKET_BYTES_MAX ? record->payload_bytes : 0;
    bool sized =
        record->position == position && record->bytes <= head - position &&
        record->topic_bytes <= SW_TOPIC_BYTES_MAX + 1 &&
        record->bytes == ((sizeof(*record) + record->topic_bytes + kept + 7) & ~UINT64_C(7));
    return sized && record->checksum == checksum(record, at(spool, position) + sizeof(*record));
}

/* Packets that a former process left are checked whole. */
static bool is_whole(const struct sw_spool *spool, uint64_t position,
                     const struct sw_spooled *taken)
{
    uint8_t digest[32];
    if (position >= spool->recovered || !taken->kept) {
        return true;
    }
    return sw_digest_once(taken->packet.payload, digest) &&
           memcmp(digest, taken->packet.digest, sizeof(digest)) == 0;
}

enum sw_status sw_spool_take(struct sw_spool *spool, struct sw_spooled *taken)
{
    uint64_t head = atomic_load_explicit(&spool->header->head, memory_order_acquire);
    struct record record;
    if (spool->next == head) {
        return SW_EMPTY;
    }
    uint64_t position = spool->next;
    if (!read_record(spool, position, head, &record)) {
        spool->next = spool->recovered > position ? spool->recovered : head;
        return SW_MALFORMED;
    }
    const char *topic = at(spool, position) + sizeof(record);
    *taken = (struct sw_spooled){
        .packet = {.topic = {topic, record.topic_bytes},
                   .payload = {topic + record.topic_bytes, record.payload_bytes},
                   .received_ms = record.received_ms},
        .kept = record.payload_bytes <= SW_PACKET_BYTES_MAX,
        .after = position + record.bytes};
    memcpy(taken->packet.digest, record.digest, sizeof(record.digest));
    spool->next = taken->after;
    return is_whole(spool, position, taken) ? SW_OK : SW_MALFORMED;
}

void sw_spool_release(struct sw_spool *spool, uint64_t position)
{
    SW_ASSERT(position <= spool->next);
    SW_ASSERT(position >= spool->header->tail);
    atomic_store(&spool->header->tail, position);
    if (atomic_load(&spool->waiting)) {
        (void)pthread_mutex_lock(&spool->mutex);
        (void)pthread_cond_signal(&spool->room);
        (void)pthread_mutex_unlock(&spool->mutex);
    }
}

int64_t sw_spool_oldest_ms(const struct sw_spool *spool)
{
    uint64_t tail = atomic_load(&spool->header->tail);
    struct record record;
    if (tail == atomic_load(&spool->header->head)) {
        return 0;
    }
    memcpy(&record, at(spool, tail), sizeof(record));
    return record.received_ms;
}

uint64_t sw_spool_untaken(const struct sw_spool *spool)
{
    return atomic_load_explicit(&spool->header->head, memory_order_acquire) -
           atomic_load_explicit(&spool->next, memory_order_relaxed);
}

uint64_t sw_spool_used(const struct sw_spool *spool)
{
    return atomic_load(&spool->header->head) - atomic_load(&spool->header->tail);
}
