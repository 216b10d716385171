/**
 * One alert as a file that can be read without sharewatch: the sentence, the law in words with its
 * citation, the rule's and the policy's digests, each hop with the digests of its entry, and what
 * was left out. The same content as HTML, which stands by itself and prints well, and as JSON.
 *
 * `sharewatch evidence` and the dashboard both write it. The names of its tables are looked up in
 * whatever is open: the log alone, or the dashboard's reviews with the log attached.
 */
#ifndef SHAREWATCH_EXHIBIT_H
#define SHAREWATCH_EXHIBIT_H

#include <stdbool.h>
#include <stdint.h>

#include <sharewatch/status.h>
#include <sharewatch/text.h>

struct sqlite3;

enum sw_exhibit_form { SW_EXHIBIT_HTML, SW_EXHIBIT_JSON };

struct sw_exhibit {
    struct sqlite3 *database;
    int64_t alert;
    bool full; // with keys of chains, payloads, exact times and small numbers; else fit to publish
    bool reviews; // the table `review` is there
    enum sw_exhibit_form form;
    const char *proof; // as sw_proof_write() writes it, shown in full copies only; NULL: none
    int64_t now_ms;
};

/** Writes the file into @out; look at its `overflowed`. SW_NOT_FOUND: there is no such alert.
 *  SW_DATABASE: the log could not be read. */
enum sw_status sw_exhibit_write(const struct sw_exhibit *exhibit,
                                struct sw_buffer *out) SW_MUST_CHECK;

#endif
