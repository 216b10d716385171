/**
 * The spool: packets on their way from the MQTT thread to the loop, in a file that outlives the
 * process.
 *
 * A ring of fixed size, mapped into memory: to append is to copy, without a system call, and the
 * page cache keeps what was written when the process is killed. One thread appends, one takes. A
 * packet stays until the loop releases it, which it does when the packet's rows are safe in the
 * log; after a restart the packets since the last committed position are taken again. A power cut
 * may lose the spool: what was in it alone was not receipted, so its sources send it again.
 *
 * When it is full the appending thread waits, so that nothing is acknowledged, TCP pushes back and
 * the broker keeps what follows.
 */
#ifndef SHAREWATCH_SPOOL_H
#define SHAREWATCH_SPOOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/pipeline.h>
#include <sharewatch/status.h>

#define SW_SPOOL_SENTENCE_BYTES 512
/* 4 MiB: at 10,000 events a second of 600 bytes, a loop that stands still for 0.7 s. */
#define SW_SPOOL_BYTES     (UINT64_C(4) << 20)
#define SW_SPOOL_BYTES_MIN (UINT64_C(1) << 18) // more than the largest record

/** The first page of the file. Positions count bytes since the file was made. */
struct sw_spool_header {
    char magic[8]; // "swspool1"
    uint64_t ring_bytes;
    int64_t file;          // a number of its own, so that a log knows its spool again
    _Atomic uint64_t head; // where the next packet goes; written by the appending thread
    _Atomic uint64_t tail; // the oldest packet that is kept; written by the loop
};

struct sw_spool {
    struct sw_spool_header *header;
    char *ring;            // mapped twice, one behind the other, so that no packet is split
    uint64_t ring_bytes;   // a power of two
    _Atomic uint64_t next; // the loop's place: the next packet to take
    uint64_t recovered;    // packets before this position were there at the start
    int descriptor;
    pthread_mutex_t mutex; // for waiting only
    pthread_cond_t room;
    _Atomic uint64_t appended_total;
    _Atomic uint64_t waits_total;   // appends that found it full
    _Atomic uint64_t wait_ms_total; // and waited so long, together
    _Atomic bool waiting;
    char sentence[SW_SPOOL_SENTENCE_BYTES];
};

/** A packet as it is taken; its texts point into the ring. */
struct sw_spooled {
    struct sw_packet packet; // payload.length is what was sent, also if it was not kept
    bool kept;               // false: the payload was over SW_PACKET_BYTES_MAX
    uint64_t after;          // position behind it
};

/**
 * Opens the spool at @path, or makes it with @ring_bytes (a power of two). @file and @position are
 * what the log knows: taking begins there if it is this file, else with the oldest packet kept.
 * SW_IO: spool->sentence says why; nothing is open.
 */
enum sw_status sw_spool_open(struct sw_spool *spool, const char *path, uint64_t ring_bytes,
                             int64_t file, int64_t position) SW_MUST_CHECK;

/** Accepts a zeroed spool. */
void sw_spool_close(struct sw_spool *spool);

/**
 * Appends a packet, waiting for room as long as that takes. A topic beyond SW_TOPIC_BYTES_MAX is
 * cut to one byte more, a payload beyond SW_PACKET_BYTES_MAX is not kept; both are refused later.
 * Runs on the MQTT thread.
 */
void sw_spool_append(struct sw_spool *spool, const struct sw_packet *packet);

/** Takes the next packet. SW_EMPTY: there is none. SW_MALFORMED: the file is damaged here, all
 *  until its end was skipped; count it as a loss. */
enum sw_status sw_spool_take(struct sw_spool *spool, struct sw_spooled *taken) SW_MUST_CHECK;

/** Forgets all packets before @position, a packet's `after`. */
void sw_spool_release(struct sw_spool *spool, uint64_t position);

/** When the oldest kept packet was received, in ms since the epoch; 0 when none is kept. */
int64_t sw_spool_oldest_ms(const struct sw_spool *spool);

/** Bytes that were appended and not taken yet; on any thread. */
uint64_t sw_spool_untaken(const struct sw_spool *spool);

/** Bytes from the oldest kept packet on. */
uint64_t sw_spool_used(const struct sw_spool *spool);

#endif
