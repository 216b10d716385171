#include "memories.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sharewatch/command.h>
#include <sharewatch/keys.h>
#include <sharewatch/time.h>

#include "signer_memory.h"
#include "signer_wire.h"

#define NAME_BYTES 96

/* The first lines of a signed note. */
struct memory {
    char name[NAME_BYTES];
    char origin[SW_LOG_ORIGIN_BYTES];
    unsigned long long entries;
    int64_t written_ms;
    bool readable;
};

/* Names of logs, and of what was set aside of them: nothing that leads elsewhere. */
static bool is_name(const char *name)
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz-_.";
    size_t length = strlen(name);
    return length > 0 && length < NAME_BYTES && name[0] != '.' && strspn(name, letters) == length;
}

static int open_memory(const char *folder, const char *name)
{
    char path[SW_KEY_PATH_BYTES + NAME_BYTES + 16];
    (void)snprintf(path, sizeof(path), "%s/" SW_SIGNER_HEADS "/%s", folder, name);
    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

static struct memory read_memory(int file, const char *name)
{
    struct memory memory = {.readable = false};
    struct stat info = {0};
    char text[SW_SIGNER_MEMORY_BYTES + 1];
    ssize_t count = pread(file, text, sizeof(text) - 1, 0);
    (void)snprintf(memory.name, sizeof(memory.name), "%s", name);
    if (fstat(file, &info) == 0) {
        memory.written_ms = (int64_t)info.st_mtime * 1000;
    }
    if (count <= 0) {
        return memory;
    }
    text[count] = '\0';
    size_t length = strcspn(text, "\n");
    char *end = NULL;
    if (text[length] == '\n' && length < sizeof(memory.origin)) {
        (void)snprintf(memory.origin, sizeof(memory.origin), "%.*s", (int)length, text);
        memory.entries = strtoull(text + length + 1, &end, 10);
        memory.readable = end != text + length + 1 && *end == '\n';
    }
    return memory;
}

static void print_memory(const struct memory *memory)
{
    char written[SW_TIME_BYTES];
    sw_time_format(memory->written_ms, written);
    if (memory->readable) {
        (void)printf("head     %s: log %s, %llu entries, signed %s\n", memory->name, memory->origin,
                     memory->entries, written);
    } else {
        (void)printf("head     %s: is no signed head, written %s\n", memory->name, written);
    }
}

static int choose_names(const struct dirent *entry)
{
    return is_name(entry->d_name) ? 1 : 0;
}

void sw_memories_show(const char *folder)
{
    char path[SW_KEY_PATH_BYTES + 16];
    struct dirent **entries = NULL;
    (void)snprintf(path, sizeof(path), "%s/" SW_SIGNER_HEADS, folder);
    int count = scandir(path, &entries, choose_names, alphasort);
    for (int i = 0; i < count; i++) {
        int file = open_memory(folder, entries[i]->d_name);
        if (file >= 0) {
            struct memory memory = read_memory(file, entries[i]->d_name);
            print_memory(&memory);
            (void)close(file);
        }
        free(entries[i]);
    }
    free(entries);
}

static int fail(const char *name, const char *why, int code)
{
    (void)fprintf(stderr, "sharewatch keys: head %s: %s\n", name, why);
    return code;
}

int sw_memories_forget(const char *folder, const char *name)
{
    char path[SW_KEY_PATH_BYTES + NAME_BYTES + 16];
    int file = is_name(name) ? open_memory(folder, name) : -1;
    if (file < 0) {
        return fail(name,
                    "the signer remembers none of that name; `sharewatch keys show` lists them",
                    SW_EXIT_NO);
    }
    struct memory memory = read_memory(file, name);
    (void)snprintf(path, sizeof(path), "%s/" SW_SIGNER_HEADS "/%s", folder, name);
    bool locked = flock(file, LOCK_EX | LOCK_NB) == 0;
    bool gone = locked && unlink(path) == 0;
    int error = errno;
    (void)close(file);
    if (!gone) {
        return fail(name,
                    locked ? strerror(error)
                           : "a signer is at work on this log; stop the monitor first",
                    SW_EXIT_ENVIRONMENT);
    }
    print_memory(&memory);
    (void)printf(
        "Forgotten. If that log, or a copy of it, is written again, nobody here notices any "
        "more that it was put back to an older state or written anew: the next signer takes "
        "it as it is. What witnesses keep of it elsewhere still tells.\n");
    return SW_EXIT_OK;
}
