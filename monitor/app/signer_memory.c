#include "signer_memory.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "signer_wire.h"

#define LOCK_TRIES 100 // a signer whose writer was just killed ends within moments
#define LOCK_MS    50

static_assert(SW_LOG_NOTE_BYTES <= SW_SIGNER_MEMORY_BYTES, "a note and its filling");

static enum sw_status say(char *sentence, enum sw_status status, const char *path, const char *what)
{
    (void)snprintf(sentence, SW_KEY_SENTENCE_BYTES, "%s: %s", path, what);
    return status;
}

enum sw_status sw_signer_memory_path(const char *folder, const char *origin,
                                     struct sw_signer_memory *memory)
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz-_";
    const char *slash = strrchr(origin, '/');
    const char *name = slash != NULL ? slash + 1 : origin;
    if (name[0] == '\0' || strspn(name, letters) != strlen(name)) {
        return SW_INVALID;
    }
    (void)snprintf(memory->path, sizeof(memory->path), "%s/" SW_SIGNER_HEADS "/%s", folder, name);
    return SW_OK;
}

/* Makes the folder and, if need be, the file, so that its name is safe too. */
static int open_file(const struct sw_signer_memory *memory)
{
    char folder[sizeof(memory->path)];
    (void)snprintf(folder, sizeof(folder), "%s", memory->path);
    *strrchr(folder, '/') = '\0';
    (void)mkdir(folder, 0700);
    int file = open(memory->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    int place = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file >= 0 && place >= 0) {
        (void)fsync(place);
    }
    if (place >= 0) {
        (void)close(place);
    }
    return file;
}

static bool lock(int file)
{
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(file, LOCK_EX | LOCK_NB) == 0) {
            return true;
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = LOCK_MS * 1000000L}, NULL);
    }
    return false;
}

static enum sw_status read_last(const struct sw_signer_memory *memory, const char *origin,
                                const struct sw_public_key *key, struct sw_signed_head *last,
                                char *sentence)
{
    char text[SW_SIGNER_MEMORY_BYTES];
    ssize_t count = pread(memory->descriptor, text, sizeof(text), 0);
    *last = (struct sw_signed_head){.size = 0};
    if (count < 0) {
        return say(sentence, SW_IO, memory->path, strerror(errno));
    }
    if (count == 0) {
        return SW_OK; // it is new
    }
    if (sw_signing_recall((struct sw_text){text, (uint32_t)count}, origin, key, last) != SW_OK) {
        return say(sentence, SW_INVALID, memory->path,
                   "this is no head of the log that this key has signed. Find out who changed it; "
                   "`sharewatch keys accept LOG` begins anew");
    }
    return SW_OK;
}

enum sw_status sw_signer_memory_open(struct sw_signer_memory *memory, const char *folder,
                                     const char *origin, const struct sw_public_key *key,
                                     struct sw_signed_head *last,
                                     char sentence[SW_KEY_SENTENCE_BYTES])
{
    memory->descriptor = -1;
    if (sw_signer_memory_path(folder, origin, memory) != SW_OK) {
        return say(sentence, SW_INVALID, origin, "this is no name of a log");
    }
    memory->descriptor = open_file(memory);
    if (memory->descriptor < 0) {
        return say(sentence, SW_IO, memory->path, strerror(errno));
    }
    if (!lock(memory->descriptor)) {
        return say(sentence, SW_FULL, memory->path,
                   "another signer signs this log, or a copy of it; stop one of the two");
    }
    return read_last(memory, origin, key, last, sentence);
}

enum sw_status sw_signer_memory_keep(struct sw_signer_memory *memory,
                                     const char note[SW_LOG_NOTE_BYTES])
{
    char text[SW_SIGNER_MEMORY_BYTES];
    int length = snprintf(text, sizeof(text), "%s", note);
    memset(text + length, '\n', sizeof(text) - (size_t)length);
    bool done = pwrite(memory->descriptor, text, sizeof(text), 0) == (ssize_t)sizeof(text) &&
                fdatasync(memory->descriptor) == 0;
    return done ? SW_OK : SW_IO;
}
