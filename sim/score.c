/* Comparing what a scenario expects with what was seen. */
#include <sharewatch/scenario.h>

#include <inttypes.h>

#include <sharewatch/assert.h>

#define DIFFERENCE_BYTES 1024

static void stand_in(const struct sw_expectation *from, struct sw_expectation *to)
{
    to->place = from->place;
    to->parts |= from->parts;
    to->verdict = (from->parts & SW_EXPECT_VERDICT) != 0 ? from->verdict : to->verdict;
    to->level = (from->parts & SW_EXPECT_LEVEL) != 0 ? from->level : to->level;
    to->duties = (from->parts & SW_EXPECT_DUTIES) != 0 ? from->duties : to->duties;
    to->fed_reach = (from->parts & SW_EXPECT_FED_REACH) != 0 ? from->fed_reach : to->fed_reach;
    to->alert = (from->parts & SW_EXPECT_ALERT) != 0 ? from->alert : to->alert;
    to->edge = (from->parts & SW_EXPECT_EDGE) != 0 ? from->edge : to->edge;
    to->verdicts = (from->parts & SW_EXPECT_VERDICTS) != 0 ? from->verdicts : to->verdicts;
    to->refused = (from->parts & SW_EXPECT_REFUSED) != 0 ? from->refused : to->refused;
    if ((from->parts & SW_EXPECT_FINDINGS) != 0) {
        to->findings = from->findings;
        to->finding_count = from->finding_count;
    }
}

void sw_expectation_under(const struct sw_expectation *expectation, struct sw_text pack,
                          struct sw_expectation *under)
{
    *under = *expectation;
    for (uint32_t i = 0; i < expectation->under_count; i++) {
        if (sw_text_equal(expectation->under_packs[i], pack)) {
            stand_in(&expectation->unders[i], under);
        }
    }
}

static void differs(struct sw_buffer *difference, const char *what, const char *expected,
                    const char *seen)
{
    sw_buffer_append_format(difference, "%s%s %s expected, %s found",
                            difference->length > 0 ? "; " : "", what, expected, seen);
}

static const char *verdicts_text(uint32_t verdicts, char *text, uint32_t bytes)
{
    struct sw_buffer buffer;
    sw_buffer_init(&buffer, text, bytes);
    for (int i = 0; i < SW_VERDICT_COUNT; i++) {
        if ((verdicts & (1U << i)) != 0) {
            sw_buffer_append_format(&buffer, "%s%s", buffer.length > 0 ? "," : "",
                                    sw_verdict_code((enum sw_verdict)i));
        }
    }
    return buffer.length > 0 ? text : "none";
}

static void compare_flags(const struct sw_expectation *expect, const struct sw_observation *seen,
                          struct sw_buffer *difference)
{
    if ((expect->parts & SW_EXPECT_FED_REACH) != 0 && expect->fed_reach != seen->fed_reach) {
        differs(difference, "fed_reach", expect->fed_reach ? "true" : "false",
                seen->fed_reach ? "true" : "false");
    }
    if ((expect->parts & SW_EXPECT_ALERT) != 0 && expect->alert != seen->alert) {
        differs(difference, "alert", expect->alert ? "yes" : "no", seen->alert ? "yes" : "no");
    }
}

static void compare_sets(const struct sw_expectation *expect, const struct sw_observation *seen,
                         struct sw_buffer *difference)
{
    char a[SW_DUTIES_TEXT_BYTES];
    char b[SW_DUTIES_TEXT_BYTES];
    if ((expect->parts & SW_EXPECT_DUTIES) != 0 && expect->duties != seen->duties) {
        differs(difference, "duties",
                expect->duties != 0 ? sw_duties_text(expect->duties, a) : "none",
                seen->duties != 0 ? sw_duties_text(seen->duties, b) : "none");
    }
    if ((expect->parts & SW_EXPECT_VERDICTS) != 0 && expect->verdicts != seen->verdicts) {
        differs(difference, "verdicts of findings", verdicts_text(expect->verdicts, a, sizeof(a)),
                verdicts_text(seen->verdicts, b, sizeof(b)));
    }
}

static bool has_finding(const struct sw_observation *seen, struct sw_text name)
{
    for (uint32_t i = 0; i < seen->finding_count; i++) {
        if (sw_text_equal(seen->findings[i], name)) {
            return true;
        }
    }
    return false;
}

static void compare_findings(const struct sw_expectation *expect, const struct sw_observation *seen,
                             struct sw_buffer *difference)
{
    for (uint32_t i = 0; i < expect->finding_count; i++) {
        if (has_finding(seen, expect->findings[i])) {
            continue;
        }
        sw_buffer_append_format(
            difference, "%sfinding %.*s expected, found:", difference->length > 0 ? "; " : "",
            SW_TEXT_FORMAT(expect->findings[i]));
        for (uint32_t j = 0; j < seen->finding_count; j++) {
            sw_buffer_append_format(difference, " %.*s", SW_TEXT_FORMAT(seen->findings[j]));
        }
        sw_buffer_append_string(difference, seen->finding_count == 0 ? " none" : "");
    }
}

static void compare_edge(const struct sw_expectation *expect, const struct sw_observation *seen,
                         struct sw_buffer *difference)
{
    struct sw_text none = SW_TEXT("none");
    if ((expect->parts & SW_EXPECT_EDGE) != 0 && !sw_text_equal(expect->edge, seen->edge)) {
        struct sw_text a = expect->edge.length > 0 ? expect->edge : none;
        struct sw_text b = seen->edge.length > 0 ? seen->edge : none;
        sw_buffer_append_format(difference, "%sedge %.*s expected, %.*s found",
                                difference->length > 0 ? "; " : "", SW_TEXT_FORMAT(a),
                                SW_TEXT_FORMAT(b));
    }
}

/* A packet that was refused has no verdict at all: nothing else is worth comparing. */
static bool refusal_holds(const struct sw_expectation *expect, const struct sw_observation *seen,
                          struct sw_buffer *difference)
{
    struct sw_text expected =
        (expect->parts & SW_EXPECT_REFUSED) != 0 ? expect->refused : (struct sw_text){0};
    if (sw_text_equal(expected, seen->refused)) {
        return true;
    }
    struct sw_text accepted = SW_TEXT("accepted");
    struct sw_text a = expected.length > 0 ? expected : accepted;
    struct sw_text b = seen->refused.length > 0 ? seen->refused : accepted;
    sw_buffer_append_format(difference, "%.*s expected, %.*s found", SW_TEXT_FORMAT(a),
                            SW_TEXT_FORMAT(b));
    return false;
}

bool sw_expectation_holds(const struct sw_expectation *expect, const struct sw_observation *seen,
                          struct sw_buffer *difference)
{
    SW_ASSERT(seen->has_hop || (seen->verdict == SW_VERDICT_NONE && seen->level == SW_LEVEL_NONE));
    uint32_t before = difference->length;
    if (expect->parts == 0) {
        return true;
    }
    if (!refusal_holds(expect, seen, difference)) {
        return false;
    }
    if ((expect->parts & SW_EXPECT_VERDICT) != 0 && expect->verdict != seen->verdict) {
        differs(difference, "verdict", sw_verdict_code(expect->verdict),
                sw_verdict_code(seen->verdict));
    }
    if ((expect->parts & SW_EXPECT_LEVEL) != 0 && expect->level != seen->level) {
        differs(difference, "level", sw_level_word(expect->level), sw_level_word(seen->level));
    }
    compare_sets(expect, seen, difference);
    compare_flags(expect, seen, difference);
    compare_edge(expect, seen, difference);
    compare_findings(expect, seen, difference);
    return difference->length == before;
}

/* Says that @what differs; the line leads to the place of the scenario that expects it. */
static void tell(struct sw_score *score, struct sw_place place, struct sw_text what,
                 const char *difference)
{
    const struct sw_scenario *scenario = score->scenario;
    if (score->differences++ >= SW_SCORE_TOLD || score->stream == NULL) {
        return;
    }
    if (place.file != NULL) {
        (void)fprintf(score->stream, "%s:%u: ", place.file, place.line);
    }
    (void)fprintf(score->stream, "%.*s", SW_TEXT_FORMAT(scenario->name));
    if (scenario->variant.length > 0) {
        (void)fprintf(score->stream, " variant %.*s", SW_TEXT_FORMAT(scenario->variant));
    }
    if (score->under.length > 0) {
        (void)fprintf(score->stream, " under %.*s", SW_TEXT_FORMAT(score->under));
    }
    (void)fprintf(score->stream, ": %.*s: %s\n", SW_TEXT_FORMAT(what), difference);
}

void sw_score_init(struct sw_score *score, const struct sw_scenario *scenario, struct sw_text under,
                   FILE *stream)
{
    *score = (struct sw_score){.scenario = scenario, .under = under, .stream = stream};
}

static void count_hop(struct sw_score *score, const struct sw_observation *seen)
{
    const struct sw_scenario_totals *totals = &score->scenario->totals;
    score->crossings += seen->level > SW_LEVEL_NONE ? 1 : 0;
    score->prohibited += seen->verdict == SW_VERDICT_PROH ? 1 : 0;
    for (uint32_t i = 0; i < totals->count_count; i++) {
        bool counts =
            totals->counts[i].verdict == seen->verdict && totals->counts[i].level == seen->level;
        score->counts[i] += counts ? 1 : 0;
    }
}

void sw_score_event(struct sw_score *score, uint32_t step, const struct sw_expectation *expected,
                    const struct sw_observation *seen)
{
    char text[DIFFERENCE_BYTES];
    struct sw_buffer difference;
    struct sw_expectation under;
    SW_ASSERT(step < score->scenario->step_count);
    score->events += seen->refused.length == 0 ? 1 : 0;
    if (seen->has_hop) {
        count_hop(score, seen);
    }
    sw_expectation_under(expected, score->under, &under);
    sw_buffer_init(&difference, text, sizeof(text));
    if (!sw_expectation_holds(&under, seen, &difference)) {
        tell(score, under.place, score->scenario->steps[step].name, text);
    }
}

void sw_score_chain(struct sw_score *score, uint32_t index, const struct sw_chain *seen)
{
    const struct sw_chain_expectation *expect = &score->scenario->totals.chains[index];
    uint32_t none = 1U << SW_VERDICT_NONE; // every chain has hops that crossed nothing
    char text[DIFFERENCE_BYTES];
    char a[64];
    char b[64];
    struct sw_buffer difference;
    if (seen == NULL) {
        tell(score, expect->place, expect->who, "a chain expected, none found");
        return;
    }
    sw_buffer_init(&difference, text, sizeof(text));
    if ((expect->parts & SW_EXPECT_LEVEL) != 0 && expect->level != seen->level) {
        differs(&difference, "level of the chain", sw_level_word(expect->level),
                sw_level_word(seen->level));
    }
    if ((expect->parts & SW_EXPECT_VERDICT) != 0 && expect->verdict != seen->verdict) {
        differs(&difference, "verdict of the chain", sw_verdict_code(expect->verdict),
                sw_verdict_code(seen->verdict));
    }
    if ((expect->parts & SW_EXPECT_VERDICTS) != 0 &&
        (expect->verdicts | none) != (seen->verdicts | none)) {
        differs(&difference, "verdicts on the way",
                verdicts_text(expect->verdicts & ~none, a, sizeof(a)),
                verdicts_text(seen->verdicts & ~none, b, sizeof(b)));
    }
    if ((expect->parts & SW_EXPECT_DUTIES) != 0 && expect->duties != seen->duties) {
        char owed[SW_DUTIES_TEXT_BYTES];
        char found[SW_DUTIES_TEXT_BYTES];
        differs(&difference, "duties of the chain", sw_duties_text(expect->duties, owed),
                sw_duties_text(seen->duties, found));
    }
    if (difference.length > 0) {
        tell(score, expect->place, expect->who, text);
    }
}

static void compare_total(struct sw_score *score, struct sw_total total, const char *what,
                          uint64_t seen)
{
    char text[DIFFERENCE_BYTES];
    if (total.given && total.count != seen) {
        (void)snprintf(text, sizeof(text), "%" PRIu64 " expected, %" PRIu64 " found", total.count,
                       seen);
        tell(score, total.place, sw_text_from(what), text);
    }
}

void sw_score_finish(struct sw_score *score, uint64_t alerts, uint64_t quarantined, uint64_t gaps)
{
    const struct sw_scenario_totals *totals = &score->scenario->totals;
    if (score->under.length > 0 || !score->scenario->own_seed) {
        return;
    }
    compare_total(score, totals->events, "events", score->events);
    compare_total(score, totals->alerts, "alerts", alerts);
    compare_total(score, totals->crossings, "crossings", score->crossings);
    compare_total(score, totals->prohibited, "prohibited", score->prohibited);
    compare_total(score, totals->quarantined, "quarantined", quarantined);
    compare_total(score, totals->gaps, "gaps", gaps);
    for (uint32_t i = 0; i < totals->count_count; i++) {
        const struct sw_count_expectation *count = &totals->counts[i];
        char what[64];
        (void)snprintf(what, sizeof(what), "hops %s at level %s", sw_verdict_code(count->verdict),
                       sw_level_word(count->level));
        compare_total(score, (struct sw_total){true, count->count, count->place}, what,
                      score->counts[i]);
    }
    if (score->differences > SW_SCORE_TOLD && score->stream != NULL) {
        (void)fprintf(score->stream, "and %" PRIu64 " differences more\n",
                      score->differences - SW_SCORE_TOLD);
    }
}
