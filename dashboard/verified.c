/* A log that grows is verified again when the last time is a minute ago, and so long that verifying
 * takes a small part of one core, however large the log is. */
#include "verified.h"

#include <stdio.h>
#include <string.h>

#include <sharewatch/assert.h>

#define AGAIN_MS 60000
#define PART     20 // of the time, at most one in so many is spent verifying

void sw_verified_init(struct sw_verified *verified, uv_loop_t *loop, struct sw_http *http,
                      const char *log_path, const char *key, const char *witnesses)
{
    memset(verified, 0, sizeof(*verified));
    verified->log_path = log_path;
    verified->key = key;
    verified->witnesses = witnesses;
    sw_job_init(&verified->job, loop, http, verified->bytes, sizeof(verified->bytes));
    verified->job.seconds = SW_VERIFIED_SECONDS;
    verified->job.background = true;
}

static void take_result(struct sw_verified *verified, uint64_t now_ms)
{
    const struct sw_job *job = &verified->job;
    SW_ASSERT(job->length < sizeof(verified->result));
    verified->entry = verified->asked;
    verified->length = job->length;
    verified->took_ms = now_ms - verified->asked_ms;
    memcpy(verified->result, job->bytes, job->length);
    verified->problem[0] = '\0';
}

/* Asks the job for the run that began at `asked`. True while it runs. */
static bool ask(struct sw_verified *verified, uint64_t now_ms)
{
    const char *words[16] = {"verify", verified->log_path, "--json", "--threads", "1"};
    uint32_t count = 5;
    char asked[32];
    if (verified->key != NULL) {
        words[count++] = "--key";
        words[count++] = verified->key;
    }
    if (verified->witnesses != NULL) {
        words[count++] = "--witness";
        words[count++] = verified->witnesses;
    }
    (void)snprintf(asked, sizeof(asked), "%lld", (long long)verified->asked);
    enum sw_status status = sw_job_ask(&verified->job, words, asked, NULL);
    if (status == SW_OK) {
        take_result(verified, now_ms);
    } else if (status == SW_INVALID || status == SW_NOT_FOUND) {
        (void)snprintf(verified->problem, sizeof(verified->problem), "%s",
                       status == SW_INVALID ? verified->job.error
                                            : "The program that verifies is not beside the "
                                              "dashboard.");
        verified->asked = 0;
    }
    return status == SW_EMPTY || status == SW_FULL;
}

bool sw_verified_look(struct sw_verified *verified, int64_t head, bool now, uint64_t now_ms)
{
    bool pending = verified->asked != 0 && verified->entry != verified->asked;
    if (pending && ask(verified, now_ms)) {
        return true;
    }
    uint64_t rest_ms =
        verified->took_ms * PART > AGAIN_MS ? verified->took_ms * PART : (uint64_t)AGAIN_MS;
    bool first = verified->asked_ms == 0;
    bool due = head != verified->entry && (first || now_ms - verified->asked_ms >= rest_ms);
    if (head == 0 || (!due && !now)) {
        return false;
    }
    verified->asked = head;
    verified->asked_ms = now_ms;
    verified->entry = verified->entry == head ? 0 : verified->entry; // asked for anew
    verified->job.asked[0] = '\0';
    return ask(verified, now_ms);
}
