/* The score in words, and as JSON. */
#include <sharewatch/truth.h>

#include <inttypes.h>

#include <sharewatch/time.h>

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static const char *const miss_texts[] = {
#define MISS_TEXT(name, code, text) text,
    SW_MISS_LIST(MISS_TEXT)
#undef MISS_TEXT
};

static const char *const miss_codes[] = {
#define MISS_CODE(name, code, text) code,
    SW_MISS_LIST(MISS_CODE)
#undef MISS_CODE
};

/* "3 days", "2 h 5 min", "40 s": two units at most, which is as much as anybody asks. */
static void append_time(struct sw_buffer *buffer, int64_t ms)
{
    if (ms >= 2 * SW_DAY_MS) {
        sw_buffer_append_format(buffer, "%" PRId64 " days", (ms + SW_DAY_MS / 2) / SW_DAY_MS);
    } else if (ms >= SW_HOUR_MS) {
        int64_t minutes = ms / SW_MINUTE_MS;
        sw_buffer_append_format(buffer, "%" PRId64 " h %" PRId64 " min", minutes / 60,
                                minutes % 60);
    } else if (ms >= 2 * SW_MINUTE_MS) {
        sw_buffer_append_format(buffer, "%" PRId64 " min", ms / SW_MINUTE_MS);
    } else {
        sw_buffer_append_format(buffer, "%" PRId64 " s", ms / SW_SECOND_MS);
    }
}

static void append_crossings(struct sw_buffer *buffer, const struct sw_truth_score *score)
{
    const char *separator = ": ";
    sw_buffer_append_format(buffer, "What happened:       %" PRIu64 " crossing%s", score->crossings,
                            plural(score->crossings));
    for (int level = SW_LEVEL_COUNT - 1; level >= 0; level--) {
        if (score->crossings_at[level] > 0) {
            sw_buffer_append_format(buffer, "%s%" PRIu64 " %s", separator,
                                    score->crossings_at[level],
                                    level > 0 ? sw_level_word((enum sw_level)level)
                                              : "by a way that the map does not have");
            separator = ", ";
        }
    }
    if (score->crossings_hidden > 0) {
        sw_buffer_append_format(buffer, "; nobody told of %" PRIu64 " of them",
                                score->crossings_hidden);
    }
    sw_buffer_append_string(buffer, ".\n");
}

static void append_foreseen(struct sw_buffer *buffer, const struct sw_truth_score *score)
{
    sw_buffer_append_format(buffer, "Foreseen:            %" PRIu64, score->foreseen);
    if (score->foreseen == 1) {
        sw_buffer_append_string(buffer, ", ");
        append_time(buffer, score->lead_ms_median);
        sw_buffer_append_string(buffer, " before");
    } else if (score->foreseen > 1) {
        sw_buffer_append_string(buffer, score->lead_about ? ", half of them about "
                                                          : ", half of "
                                                            "them ");
        append_time(buffer, score->lead_ms_median);
        sw_buffer_append_string(buffer, " before or more (from ");
        append_time(buffer, score->lead_ms_least);
        sw_buffer_append_string(buffer, " to ");
        append_time(buffer, score->lead_ms_most);
        sw_buffer_append_string(buffer, ")");
    }
    sw_buffer_append_format(buffer, ".\nSeen as it happened: %" PRIu64 ".\n", score->seen);
}

static void append_missed(struct sw_buffer *buffer, const struct sw_truth_score *score)
{
    sw_buffer_append_format(buffer, "Missed:              %" PRIu64 ".\n", score->missed);
    for (int miss = 0; miss < SW_MISS_COUNT; miss++) {
        if (score->missed_by[miss] > 0) {
            sw_buffer_append_format(buffer, "                     %" PRIu64 ": %s\n",
                                    score->missed_by[miss], miss_texts[miss]);
        }
    }
}

static void append_false(struct sw_buffer *buffer, const struct sw_truth_score *score)
{
    sw_buffer_append_format(buffer, "False alarms:        %" PRIu64 ".\n", sw_truth_false(score));
    if (score->false_chains > 0) {
        sw_buffer_append_format(buffer,
                                "                     %" PRIu64 " chain%s could have gone on by "
                                "the map, and did not\n",
                                score->false_chains, plural(score->false_chains));
    }
    for (int verdict = SW_VERDICT_COUNT - 1; verdict >= 0; verdict--) {
        if (score->false_hops[verdict] > 0) {
            sw_buffer_append_format(buffer,
                                    "                     %" PRIu64
                                    " hop%s told of as crossed (%s) "
                                    "whose data stayed\n",
                                    score->false_hops[verdict], plural(score->false_hops[verdict]),
                                    sw_verdict_word((enum sw_verdict)verdict));
        }
    }
}

static void append_unclear(struct sw_buffer *buffer, const struct sw_truth_score *score)
{
    static const char indent[] = "                     ";
    sw_buffer_append_format(buffer, "Cannot be assessed:  %" PRIu64 ".\n", sw_truth_unclear(score));
    if (score->unclear_open > 0) {
        sw_buffer_append_format(buffer,
                                "%s%" PRIu64 " chain%s could still go on when the scenario ended\n",
                                indent, score->unclear_open, plural(score->unclear_open));
    }
    if (score->unclear_unlinked > 0) {
        sw_buffer_append_format(buffer, "%s%" PRIu64 " event%s led on, with no token to follow\n",
                                indent, score->unclear_unlinked, plural(score->unclear_unlinked));
    }
    if (score->unclear_review > 0) {
        sw_buffer_append_format(buffer,
                                "%s%" PRIu64 " hop%s that need%s review: the facts to tell are "
                                "missing\n",
                                indent, score->unclear_review, plural(score->unclear_review),
                                score->unclear_review == 1 ? "s" : "");
    }
    if (score->forgotten > 0) {
        sw_buffer_append_format(buffer,
                                "%s%" PRIu64 " chain%s forgotten on the way, since %d fit; what "
                                "crossed on them later counts as missed\n",
                                indent, score->forgotten, plural(score->forgotten),
                                SW_TRUTH_CHAINS_MAX);
    }
}

void sw_truth_write_text(const struct sw_truth_score *score, struct sw_buffer *buffer)
{
    append_crossings(buffer, score);
    append_foreseen(buffer, score);
    append_missed(buffer, score);
    append_false(buffer, score);
    append_unclear(buffer, score);
}

static void append_levels(struct sw_buffer *buffer, const struct sw_truth_score *score)
{
    sw_buffer_append_string(buffer, ",\"by_level\":{\"not_on_map\":");
    sw_buffer_append_format(buffer, "%" PRIu64, score->crossings_at[SW_LEVEL_NONE]);
    for (int level = 1; level < SW_LEVEL_COUNT; level++) {
        sw_buffer_append_format(buffer, ",\"%s\":%" PRIu64, sw_level_word((enum sw_level)level),
                                score->crossings_at[level]);
    }
    sw_buffer_append_string(buffer, "}");
}

static void append_misses(struct sw_buffer *buffer, const struct sw_truth_score *score)
{
    sw_buffer_append_format(buffer, ",\"missed\":{\"count\":%" PRIu64, score->missed);
    for (int miss = 0; miss < SW_MISS_COUNT; miss++) {
        sw_buffer_append_format(buffer, ",\"%s\":%" PRIu64, miss_codes[miss],
                                score->missed_by[miss]);
    }
    sw_buffer_append_string(buffer, "}");
}

static void append_alarms(struct sw_buffer *buffer, const struct sw_truth_score *score)
{
    sw_buffer_append_format(buffer,
                            ",\"false_alarms\":{\"count\":%" PRIu64 ",\"foreseen\":%" PRIu64,
                            sw_truth_false(score), score->false_chains);
    for (int verdict = 0; verdict < SW_VERDICT_COUNT; verdict++) {
        if (verdict != SW_VERDICT_REVIEW) {
            sw_buffer_append_format(buffer, ",\"%s\":%" PRIu64,
                                    sw_verdict_code((enum sw_verdict)verdict),
                                    score->false_hops[verdict]);
        }
    }
    sw_buffer_append_string(buffer, "}");
}

void sw_truth_write_json(const struct sw_truth_score *score, struct sw_buffer *buffer)
{
    sw_buffer_append_format(buffer,
                            "{\"events\":%" PRIu64 ",\"hidden\":%" PRIu64
                            ",\"crossings\":{\"count\":%" PRIu64 ",\"hidden\":%" PRIu64,
                            score->events, score->hidden, score->crossings,
                            score->crossings_hidden);
    append_levels(buffer, score);
    sw_buffer_append_format(buffer,
                            "},\"foreseen\":{\"count\":%" PRIu64
                            ",\"before_ms\":{\"least\":%" PRId64 ",\"median\":%" PRId64
                            ",\"most\":%" PRId64 ",\"exact\":%s}}",
                            score->foreseen, score->lead_ms_least, score->lead_ms_median,
                            score->lead_ms_most, score->lead_about ? "false" : "true");
    sw_buffer_append_format(buffer, ",\"seen_as_it_happened\":%" PRIu64, score->seen);
    append_misses(buffer, score);
    append_alarms(buffer, score);
    sw_buffer_append_format(buffer,
                            ",\"cannot_be_assessed\":{\"count\":%" PRIu64 ",\"still_open\":%" PRIu64
                            ",\"unlinked\":%" PRIu64 ",\"needs_review\":%" PRIu64
                            ",\"chains_forgotten\":%" PRIu64 "}}",
                            sw_truth_unclear(score), score->unclear_open, score->unclear_unlinked,
                            score->unclear_review, score->forgotten);
}
