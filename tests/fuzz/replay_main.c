/* Feeds every file of the folders given to the fuzz target: what was once found stays tested, with
 * any compiler. Each input is also tried cut at every length up to a limit, and with one byte
 * changed at every place. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_BYTES_MAX ((size_t)1024 * 1024)
#define CHANGED_MAX     ((size_t)4096) // bytes of an input that are cut at and changed

static uint8_t input[INPUT_BYTES_MAX];

/* An own copy of exactly the length, so that a sanitizer sees each byte read beyond it. */
static void try_copy(size_t length)
{
    uint8_t *copy = malloc(length + 1);
    if (copy == NULL) {
        abort();
    }
    memcpy(copy, input, length);
    (void)LLVMFuzzerTestOneInput(copy, length);
    free(copy);
}

static void try_all(size_t length)
{
    static const uint8_t changes[] = {0x00, 0x01, 0x20, 0x80, 0xff};
    size_t most = length < CHANGED_MAX ? length : CHANGED_MAX;
    try_copy(length);
    for (size_t i = 0; i < most; i++) {
        uint8_t byte = input[i];
        try_copy(i);
        input[i] = byte ^ changes[1 + i % (sizeof(changes) - 1)];
        try_copy(length);
        input[i] = byte;
    }
}

static size_t try_folder(const char *path)
{
    DIR *folder = opendir(path);
    size_t tried = 0;
    if (folder == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char name[4096];
        if (entry->d_name[0] == '.') {
            continue;
        }
        (void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        FILE *file = fopen(name, "rb");
        if (file == NULL) {
            perror(name);
            exit(EXIT_FAILURE);
        }
        size_t length = fread(input, 1, sizeof(input), file);
        (void)fclose(file);
        try_all(length);
        tried++;
    }
    (void)closedir(folder);
    return tried;
}

int main(int argc, char **argv)
{
    size_t tried = 0;
    for (int i = 1; i < argc; i++) {
        tried += try_folder(argv[i]);
    }
    (void)printf("%zu inputs tried\n", tried);
    return tried > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
