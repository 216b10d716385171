#include "notary.h"

#include <stdio.h>

#include <sharewatch/assert.h>
#include <sharewatch/now.h>

#define PAUSE_MS_MIN 1000
#define PAUSE_MS_MAX 60000

static void say(const char *sentence, const char *more)
{
    (void)fprintf(stderr, "sharewatch monitor: %s%s\n", sentence, more);
}

void sw_notary_start(struct sw_notary *notary, const char *folder, int64_t hang_ms)
{
    *notary = (struct sw_notary){.folder = folder, .hang_ms = hang_ms, .pause_ms = PAUSE_MS_MIN};
    notary->started = sw_signer_start(&notary->signer, folder);
}

bool sw_notary_open(struct sw_notary *notary, struct sw_log *log, int64_t now_ms)
{
    notary->log = log;
    bool opened = sw_signer_open(&notary->signer, notary->started, log, "monitor",
                                 notary->folder != NULL, now_ms);
    notary->wanted = notary->signer.state != SW_SIGNER_GONE;
    return opened;
}

static void start_again(struct sw_notary *notary)
{
    if (sw_signer_start(&notary->signer, notary->folder) == SW_OK) {
        sw_signer_introduce(&notary->signer, sw_log_origin(notary->log));
        notary->asked_ms = sw_steady_ms();
    } else if (!notary->complained) {
        say(notary->signer.sentence, "");
        notary->complained = true;
    }
}

/* The pauses grow, so that a signer that cannot live does not take the machine. */
void sw_notary_tick(struct sw_notary *notary)
{
    int64_t now_ms = sw_steady_ms();
    notary->due = true;
    bool waits =
        notary->signer.state == SW_SIGNER_ASKED || notary->signer.state == SW_SIGNER_OPENING;
    if (waits && now_ms - notary->asked_ms > notary->hang_ms) {
        char sentence[96];
        (void)snprintf(sentence, sizeof(sentence),
                       "the signer has not answered for %lld s and is ended",
                       (long long)(notary->hang_ms / 1000));
        say(sentence, "");
        sw_signer_dismiss(&notary->signer, false); // a look hears of its end
    }
    if (notary->wanted && notary->signer.state == SW_SIGNER_GONE && now_ms >= notary->retry_ms) {
        notary->retry_ms = now_ms + notary->pause_ms;
        notary->pause_ms =
            notary->pause_ms * 2 < PAUSE_MS_MAX ? notary->pause_ms * 2 : PAUSE_MS_MAX;
        start_again(notary);
    }
}

void sw_notary_before_sync(struct sw_notary *notary)
{
    if (notary->due && !notary->refused && !notary->captured && !notary->heard &&
        notary->signer.state == SW_SIGNER_IDLE) {
        notary->due = false;
        notary->captured =
            sw_log_head(notary->log, notary->signer.signed_size, &notary->signer.request);
    }
}

void sw_notary_safe(struct sw_notary *notary)
{
    if (notary->captured) {
        notary->captured = false;
        if (notary->signer.state == SW_SIGNER_IDLE) {
            sw_signer_ask(&notary->signer);
            notary->asked_ms = sw_steady_ms();
        }
    }
}

bool sw_notary_look(struct sw_notary *notary)
{
    if (!notary->heard && notary->signer.state != SW_SIGNER_GONE) {
        enum sw_status status = sw_signer_look(&notary->signer);
        notary->heard = status == SW_OK;
        if (status == SW_NETWORK) {
            notary->ended_total++;
            notary->captured = false;
            notary->retry_ms = sw_steady_ms() + notary->pause_ms;
            say(notary->signer.sentence,
                "; the log goes on without signatures until another one is there");
        }
    }
    return notary->heard;
}

bool sw_notary_wants_commit(const struct sw_notary *notary)
{
    return notary->heard && notary->signer.answer.kind == SW_WIRE_READY;
}

static void complain(struct sw_notary *notary, const char *before)
{
    if (!notary->complained) {
        say(before, notary->signer.sentence);
        notary->complained = true;
    }
}

static void greet(struct sw_notary *notary, int64_t now_ms)
{
    struct sw_log *log = notary->log;
    enum sw_status status = sw_log_sign_with(log, &notary->signer.answer.key, now_ms);
    if (status == SW_INVALID) { // another key lies there now
        say(log->sentence, "; the log goes on without signatures");
        sw_signer_dismiss(&notary->signer, true);
    } else if (status == SW_OK) {
        say("there is a signer again", "");
    }
}

void sw_notary_write(struct sw_notary *notary, int64_t now_ms)
{
    struct sw_signer *signer = &notary->signer;
    SW_ASSERT(notary->heard);
    notary->heard = false;
    switch ((enum sw_wire_kind)signer->answer.kind) {
    case SW_WIRE_READY:
        greet(notary, now_ms);
        break;
    case SW_WIRE_SIGNED:
        sw_log_add_checkpoint(notary->log, &signer->request, signer->answer.note);
        notary->pause_ms = PAUSE_MS_MIN;
        notary->complained = false;
        break;
    case SW_WIRE_REFUSED:
        notary->refused = true;
        notary->refused_total++;
        sw_signer_explain_refusal(signer, notary->log->path);
        say(signer->sentence, "; the log goes on without signatures");
        break;
    case SW_WIRE_FAILED:
        complain(notary, "the log goes on without signatures: ");
        break;
    case SW_WIRE_OPEN:
    case SW_WIRE_SIGN:
        break;
    }
}

const char *sw_notary_state(const struct sw_notary *notary)
{
    if (!notary->wanted) {
        return "none";
    }
    if (notary->refused) {
        return "refused";
    }
    enum sw_signer_state state = notary->signer.state;
    bool away = state == SW_SIGNER_GONE || state == SW_SIGNER_OPENING || state == SW_SIGNER_LEAVING;
    return away || notary->complained ? "away" : "signs";
}
