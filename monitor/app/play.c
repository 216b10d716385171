/* Time is that of the events. They come in the order in which they were logged, so one that tells
 * of something earlier is played at once. */
#include "play.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sharewatch/command.h>
#include <sharewatch/wire.h>

#include "alert.h"
#include "outlet.h"

#define NAP_MS_MAX   100
#define MARK         "{\"swreplay\":true,"
#define TOPIC_PREFIX "sharewatch/v1/replay/"

struct player {
    struct sw_play *play;
    struct sw_outlet outlet;
    struct sw_log_alert alert;
    bool began;
    int64_t first_ms;  // of the log
    double started_ms; // of ours
    uint64_t told;     // alerts, or events that were sent
    enum sw_status status;
    char payload[SW_PACKET_BYTES_MAX + sizeof(MARK)];
};

static double now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void nap(double wanted_ms)
{
    double taken_ms = wanted_ms < NAP_MS_MAX ? wanted_ms : NAP_MS_MAX;
    struct timespec duration = {.tv_nsec = (long)(taken_ms * 1e6)};
    (void)nanosleep(&duration, NULL);
}

static bool is_interrupted(const struct player *player)
{
    return *player->play->interrupted != 0;
}

/* Waits until it is the event's turn. False: interrupted. */
static bool wait_for(struct player *player, int64_t time_ms)
{
    const struct sw_play *play = player->play;
    if (play->speed <= 0) {
        return !is_interrupted(player);
    }
    if (!player->began) {
        player->began = true;
        player->first_ms = time_ms;
        player->started_ms = now_ms();
    }
    double due_ms = player->started_ms + (double)(time_ms - player->first_ms) / play->speed;
    for (double left_ms = due_ms - now_ms(); left_ms > 0 && !is_interrupted(player);
         left_ms = due_ms - now_ms()) {
        nap(left_ms);
    }
    return !is_interrupted(player);
}

/* --- to the terminal --- */

static void print_alert(struct player *player)
{
    static char bytes[SW_ALERT_JSON_BYTES + 1];
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    if (player->play->json) {
        sw_alert_write_json(&player->alert, &buffer);
        sw_buffer_append_string(&buffer, "\n");
    } else {
        sw_render_alert(&player->play->render, &player->alert, &buffer);
    }
    bool written =
        fwrite(buffer.bytes, 1, buffer.length, stdout) == buffer.length && fflush(stdout) == 0;
    if (!written) {
        player->status = errno == EPIPE ? SW_STOPPED : SW_IO; // `replay | head` has had enough
    }
    player->told++;
}

/* --- to a broker --- */

static void send_event(struct player *player)
{
    const struct sw_logged_event *event = &player->play->replay->event;
    const struct sw_text agency = player->play->replay->judge.event.reporter;
    char topic[SW_TOPIC_BYTES_MAX];
    size_t mark = sizeof(MARK) - 1;
    if (player->status != SW_OK) {
        return;
    }
    (void)snprintf(topic, sizeof(topic), TOPIC_PREFIX "%.*s/%.*s", SW_TEXT_FORMAT(agency),
                   SW_TEXT_FORMAT(event->kind));
    /* The payload was decoded, so it is an object with members. */
    const char *brace = memchr(event->payload.bytes, '{', event->payload.length);
    size_t skipped = (size_t)(brace - event->payload.bytes) + 1;
    size_t rest = event->payload.length - skipped;
    memcpy(player->payload, MARK, mark);
    memcpy(player->payload + mark, event->payload.bytes + skipped, rest);
    player->status = sw_outlet_publish(&player->outlet, topic,
                                       (struct sw_text){player->payload, (uint32_t)(mark + rest)});
    player->told++;
}

/* --- what the replay tells --- */

static bool by_hop(const struct sw_replay_filter *filter)
{
    return filter->edge.length > 0 || filter->chain.length > 0;
}

/* Edge and chain are known once the event was judged; until there time and agency decide. */
static bool is_wanted(const struct player *player, const struct sw_event *event)
{
    const struct sw_replay_filter *filter = &player->play->replay->filter;
    return event->time_ms >= filter->from_ms && event->time_ms < filter->until_ms &&
           (filter->agency.length == 0 || sw_text_equal(filter->agency, event->reporter));
}

static bool on_event(void *context, const struct sw_logged_event *logged,
                     const struct sw_event *event)
{
    struct player *player = context;
    (void)logged;
    if (!is_wanted(player, event)) {
        return !is_interrupted(player) && player->status == SW_OK;
    }
    if (!wait_for(player, event->time_ms)) {
        return false;
    }
    if (player->play->broker != NULL && !by_hop(&player->play->replay->filter)) {
        send_event(player);
    }
    return player->status == SW_OK;
}

static void on_judged(void *context, const struct sw_log_subject *subject,
                      const struct sw_event *event, const struct sw_outputs *outputs)
{
    struct player *player = context;
    (void)event;
    if (player->play->broker != NULL) {
        if (by_hop(&player->play->replay->filter) && subject->cause_id == 0) {
            send_event(player);
        }
    } else if (player->status == SW_OK &&
               sw_replay_alert(player->play->replay, subject, outputs, &player->alert)) {
        print_alert(player);
    }
}

static bool on_turn(void *context)
{
    const struct player *player = context;
    return !is_interrupted(player) && player->status == SW_OK;
}

/* --- the whole --- */

static void complain(const char *sentence)
{
    (void)fprintf(stderr, "sharewatch replay: %s\n", sentence);
}

static void tell_end(const struct player *player)
{
    const struct sw_replay *replay = player->play->replay;
    (void)fprintf(stderr, "%" PRIu64 " events played, %" PRIu64 " %s%s\n", replay->counts.events,
                  player->told, player->play->broker != NULL ? "sent to " : "alerts told",
                  player->play->broker != NULL ? player->outlet.mqtt.shown : "");
    if (replay->counts.gone > 0) {
        (void)fprintf(stderr,
                      "%" PRIu64
                      " events are missing: their payloads were deleted on purpose; what was told "
                      "after them stands without them\n",
                      replay->counts.gone);
    }
}

static int finish(struct player *player, enum sw_status status)
{
    if (status == SW_OK && player->play->broker != NULL) {
        player->status = sw_outlet_drain(&player->outlet);
    }
    if (status == SW_INVALID || status == SW_DATABASE) {
        complain(player->play->replay->difference);
        return SW_EXIT_ENVIRONMENT;
    }
    tell_end(player);
    if (is_interrupted(player)) {
        return SW_EXIT_INTERRUPTED;
    }
    if (player->status == SW_NETWORK) {
        complain(player->outlet.sentence);
    }
    return player->status == SW_OK || player->status == SW_STOPPED ? SW_EXIT_OK
                                                                   : SW_EXIT_ENVIRONMENT;
}

int sw_play_run(struct sw_play *play)
{
    static struct player player;
    memset(&player, 0, sizeof(player));
    player.play = play;
    play->replay->plain = true;
    play->replay->context = &player;
    play->replay->calls =
        (struct sw_replay_calls){.turn = on_turn, .event = on_event, .judged = on_judged};
    if (play->broker != NULL) {
        enum sw_status status = sw_outlet_open(&player.outlet, play->broker, play->interrupted);
        if (status != SW_OK) {
            if (status == SW_STOPPED) {
                return SW_EXIT_INTERRUPTED;
            }
            complain(player.outlet.sentence);
            return status == SW_INVALID ? SW_EXIT_USAGE : SW_EXIT_ENVIRONMENT;
        }
    }
    int code = finish(&player, sw_replay_run(play->replay));
    sw_outlet_close(&player.outlet);
    return code;
}
