#include <string.h>

#include "replay_rows.h"

static void copy(char *bytes, size_t capacity, struct sw_text text)
{
    size_t kept = text.length < capacity ? text.length : capacity - 1;
    if (kept > 0) {
        memcpy(bytes, text.bytes, kept);
    }
    bytes[kept] = '\0';
}

bool sw_replay_alert(const struct sw_replay *replay, const struct sw_log_subject *subject,
                     const struct sw_outputs *outputs, struct sw_log_alert *alert)
{
    const struct sw_alert *told = &outputs->alert;
    const struct sw_rule *rule = sw_replay_rule(replay, told->rule);
    if (!outputs->has_alert || told->repeated) {
        return false;
    }
    alert->id = (int64_t)told->alert_id;
    alert->time_ms = subject->time_ms;
    alert->logged_ms = subject->logged_ms;
    alert->level = told->level;
    alert->verdict = told->verdict;
    alert->duties = told->duties;
    alert->daily = rule != NULL && rule->alert == SW_ALERT_DAILY;
    alert->hops = 1;
    alert->synthetic = subject->synthetic;
    copy(alert->chain, sizeof(alert->chain), sw_text_from(outputs->chain.key));
    copy(alert->edge, sizeof(alert->edge), sw_replay_edge(replay, told->edge));
    copy(alert->rule, sizeof(alert->rule), rule != NULL ? rule->name : (struct sw_text){0});
    copy(alert->cite, sizeof(alert->cite), sw_replay_cite(replay, told));
    copy(alert->title, sizeof(alert->title), sw_text_from(told->title));
    copy(alert->sentence, sizeof(alert->sentence), sw_text_from(told->sentence));
    copy(alert->path, sizeof(alert->path), subject->path);
    return true;
}
