#include "audit_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include <sharewatch/assert.h>

#include "scrub.h"

static bool has_magic(const uint8_t *bytes, ssize_t count, const char *magic, ssize_t length)
{
    return count >= length && memcmp(bytes, magic, (size_t)length) == 0;
}

/* What a file is, is told by how it starts: names of files lie. */
static enum sw_import_skip look_at(const uint8_t *bytes, ssize_t count)
{
    static const struct {
        const char *magic;
        ssize_t length;
        enum sw_import_skip skip;
    } kinds[] = {
        {"PK\x03\x04", 4, SW_IMPORT_SHEET}, {"\xD0\xCF\x11\xE0", 4, SW_IMPORT_SHEET},
        {"%PDF", 4, SW_IMPORT_PDF},         {"{\\rtf", 5, SW_IMPORT_PAGE},
        {"<!DOCTYPE", 9, SW_IMPORT_PAGE},   {"<!doctype", 9, SW_IMPORT_PAGE},
        {"<html", 5, SW_IMPORT_PAGE},       {"<HTML", 5, SW_IMPORT_PAGE},
        {"<?xml", 5, SW_IMPORT_PAGE},       {"\x1F\x8B\x08", 3, SW_IMPORT_PACKED},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (has_magic(bytes, count, kinds[i].magic, kinds[i].length)) {
            return kinds[i].skip;
        }
    }
    return SW_IMPORT_READ;
}

enum sw_import_skip sw_audit_file_look(int descriptor, char *buffer, size_t capacity,
                                       uint8_t digest[32], uint64_t *bytes)
{
    enum sw_import_skip skipped = SW_IMPORT_READ;
    ssize_t count = 0;
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    SW_ASSERT(hash != NULL);
    bool done = EVP_DigestInit_ex(hash, EVP_sha256(), NULL) == 1;
    *bytes = 0;
    while ((count = read(descriptor, buffer, capacity)) > 0 || (count < 0 && errno == EINTR)) {
        if (count < 0) {
            continue;
        }
        if (*bytes == 0) {
            skipped = look_at((const uint8_t *)buffer, count);
        }
        *bytes += (uint64_t)count;
        done = done && EVP_DigestUpdate(hash, buffer, (size_t)count) == 1;
    }
    done = done && EVP_DigestFinal_ex(hash, digest, NULL) == 1;
    EVP_MD_CTX_free(hash);
    SW_ASSERT(done);
    return count < 0 || lseek(descriptor, 0, SEEK_SET) != 0 ? SW_IMPORT_UNREADABLE : skipped;
}

static void make_printable(char *text, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++) {
        text[i] = (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
    }
}

void sw_audit_file_name(const char *path, char *name, uint32_t capacity)
{
    const char *slash = strrchr(path, '/');
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, name, capacity);
    (void)sw_scrub_text(sw_text_from(slash != NULL ? slash + 1 : path), &buffer);
    if (buffer.overflowed) {
        sw_buffer_init(&buffer, name, capacity);
        sw_buffer_append_string(&buffer, "(long name)");
    }
    for (uint32_t i = 0; i < buffer.length; i++) {
        bool plain = (unsigned char)name[i] >= ' ' && name[i] != 127;
        name[i] = (char)(plain ? name[i] : '?');
    }
}

bool sw_audit_file_column(struct sw_text text, char *name, uint32_t capacity)
{
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, name, capacity);
    (void)sw_scrub_text(text, &buffer);
    make_printable(name, buffer.length);
    return !buffer.overflowed;
}

const char *sw_import_skip_text(enum sw_import_skip skip)
{
#define SKIP_TEXT(name, text) [name] = (text),
    static const char *const texts[] = {SW_IMPORT_SKIP_LIST(SKIP_TEXT)};
#undef SKIP_TEXT
    SW_ASSERT((size_t)skip < sizeof(texts) / sizeof(texts[0]));
    return texts[skip];
}
