/**
 * Makes audit files as people get them and worse, from a seed: the same number makes the same file.
 */
#ifndef SHAREWATCH_MANGLED_H
#define SHAREWATCH_MANGLED_H

#include <stdbool.h>
#include <stdint.h>

#define MANGLED_BYTES_MAX (UINT32_C(6) << 20)
#define MANGLED_SECRETS   12

struct mangled {
    uint64_t random;
    uint64_t number; // of searches made so far, over all files: seconds and ids come from it
    char delimiter;
    bool all_quoted;
    int line_end; // LF, CRLF, CR or a mix
    int variant;  // of the header that stands last
    char *bytes;  // [2 * MANGLED_BYTES_MAX]
    uint32_t count;
    bool rough;          // records may be torn or joined, so that not even their number is sure
    uint32_t rough_kind; // of such a fault that is put next
    uint32_t rows;       // data rows
    uint32_t headers;
    uint32_t blanks;
    uint32_t sure;     // rows that nothing is wrong with, copies included
    uint32_t distinct; // searches that they tell of
    bool open_end;     // the end of the last line is lost
    uint32_t joined;   // sure rows that another one was joined to
};

/** What may never be stored or shown: plates, phone numbers, names and addresses. */
extern const char *const mangled_secrets[MANGLED_SECRETS];

/** Makes the file @index into @mangled, whose `bytes` are the caller's; the rest is overwritten. */
void mangled_make(struct mangled *mangled, uint32_t index);

#endif
