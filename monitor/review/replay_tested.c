/* Stands between the pipeline and the rules, only when somebody asked. */
#include "replay_rows.h"

#include <sharewatch/assert.h>

static uint32_t match(void *context, const struct sw_event *event, bool again,
                      struct sw_finding *findings, uint32_t capacity)
{
    struct sw_replay *replay = context;
    const struct sw_rules *rules = &replay->tested_rules;
    uint32_t count = rules->match(rules->context, event, again, findings, capacity);
    if (!again) {
        sw_tested_count(replay->tested, replay->knowledge.scratch);
    }
    return count;
}

struct sw_rules sw_replay_count_tested(struct sw_replay *replay, struct sw_rules rules)
{
    if (replay->tested_to == NULL) {
        return rules;
    }
    if (replay->tested == NULL) {
        replay->tested = sw_tested_open(replay->knowledge.policy);
    }
    replay->tested_rules = rules;
    rules.match = match;
    rules.context = replay;
    return rules;
}

void sw_replay_end_tested(struct sw_replay *replay, bool tell)
{
    if (replay->tested != NULL && tell) {
        struct sw_text name = sw_policy_name(replay->knowledge.policy);
        (void)fprintf(replay->tested_to, "How often the rules of %.*s could be tested:\n",
                      SW_TEXT_FORMAT(name));
        sw_tested_write(replay->tested, replay->tested_to);
    }
    sw_tested_close(replay->tested);
    replay->tested = NULL;
}
