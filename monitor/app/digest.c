#include "digest.h"

#include <openssl/evp.h>

#include <sharewatch/assert.h>

enum sw_status sw_digest_open(struct sw_digest *digest)
{
    digest->method = EVP_MD_fetch(NULL, "SHA256", NULL);
    digest->context = EVP_MD_CTX_new();
    if (digest->method == NULL || digest->context == NULL ||
        EVP_DigestInit_ex2(digest->context, digest->method, NULL) != 1) {
        sw_digest_close(digest);
        return SW_NO_MEMORY;
    }
    return SW_OK;
}

void sw_digest_close(struct sw_digest *digest)
{
    EVP_MD_CTX_free(digest->context);
    EVP_MD_free(digest->method);
    *digest = (struct sw_digest){0};
}

void sw_digest_of(struct sw_digest *digest, struct sw_text text, uint8_t bytes[32])
{
    unsigned int length = 0;
    bool done = EVP_DigestInit_ex2(digest->context, NULL, NULL) == 1 &&
                EVP_DigestUpdate(digest->context, text.bytes, text.length) == 1 &&
                EVP_DigestFinal_ex(digest->context, bytes, &length) == 1;
    SW_ASSERT(done);
    SW_ASSERT(length == 32);
}

bool sw_digest_once(struct sw_text text, uint8_t bytes[32])
{
    return EVP_Digest(text.bytes, text.length, bytes, NULL, EVP_sha256(), NULL) == 1;
}
