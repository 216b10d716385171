#include "signer.h"

#include <stdio.h>

#include <sharewatch/keys.h>

static enum sw_status load(const char *folder, struct sw_signing_key *key, char *sentence)
{
    enum sw_status status = sw_signing_key_load(folder, key, sentence);
    if (status == SW_NOT_FOUND) {
        status = sw_signing_key_create(folder, sentence);
        if (status == SW_OK || status == SW_EXISTS) { // another process was faster
            status = sw_signing_key_load(folder, key, sentence);
        }
    }
    return status;
}

bool sw_signer_open(struct sw_log *log, const char *verb, const char *folder, int64_t now_ms)
{
    static struct sw_signing_key key;
    char path[SW_KEY_PATH_BYTES];
    char sentence[SW_KEY_SENTENCE_BYTES];
    enum sw_status status = sw_keys_folder(folder, path, sentence);
    if (status == SW_OK) {
        status = load(path, &key, sentence);
    }
    if (status == SW_OK) {
        status = sw_log_sign_with(log, &key, now_ms);
        sw_keys_forget(&key, sizeof(key));
        return status == SW_OK;
    }
    if (folder != NULL || status == SW_INVALID) {
        (void)snprintf(log->sentence, sizeof(log->sentence), "%s", sentence);
        return false;
    }
    (void)fprintf(stderr, "sharewatch %s: the log is sealed, but not signed: %s\n", verb, sentence);
    return true;
}
