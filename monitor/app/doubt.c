#include "doubt.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/text.h>

#define LINE_BYTES      512
#define STANDARD_ERRORS 3

/* ---- which ---- */

static void add_line(struct sw_doubts *doubts, const char *file, bool automatic, uint32_t number,
                     const char *line)
{
    if (doubts->count == SW_DOUBTS_MAX) {
        doubts->over++;
        return;
    }
    struct sw_doubt *doubt = &doubts->items[doubts->count++];
    *doubt = (struct sw_doubt){.file = file, .automatic = automatic, .line = number};
    (void)snprintf(doubt->text, sizeof(doubt->text), "%s", line + strspn(line, " "));
    doubt->text[strcspn(doubt->text, "\n")] = '\0';
}

static void find_in(struct sw_doubts *doubts, const char *path, bool automatic)
{
    char line[LINE_BYTES];
    FILE *file = fopen(path, "re");
    uint32_t number = 0;
    while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        const char *comment = strchr(line, '#');
        number++;
        if (comment != NULL && strstr(comment, "uncertain") != NULL &&
            line[strspn(line, " ")] != '#') {
            add_line(doubts, path, automatic, number, line);
        }
    }
    if (file != NULL) {
        (void)fclose(file);
    }
}

void sw_doubts_find(struct sw_doubts *doubts, const struct sw_sweep *sweep)
{
    doubts->count = 0;
    doubts->over = 0;
    doubts->runs = 0;
    find_in(doubts, sweep->scenario.yaml.file, false);
    if (sweep->scenario.automatic.file != NULL) {
        find_in(doubts, sweep->scenario.automatic.file, true);
    }
}

/* ---- what they move ---- */

static const double *find_values(const struct sw_metrics *metrics, const struct sw_metric *like)
{
    for (uint32_t i = 0; i < metrics->count; i++) {
        if (strcmp(metrics->items[i].heading, like->heading) == 0 &&
            strcmp(metrics->items[i].label, like->label) == 0) {
            return metrics->items[i].values;
        }
    }
    return NULL; // an edge that carried nothing: all 0
}

static double mean_of(const double *values, uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; values != NULL && i < count; i++) {
        sum += values[i];
    }
    return sum / count;
}

/* True when the runs of @b differ from those of @a, seed by seed, by more than chance. */
static bool differs(const double *a, const double *b, uint32_t count)
{
    double difference = mean_of(b, count) - mean_of(a, count);
    double squares = 0;
    for (uint32_t i = 0; i < count; i++) {
        double d = (b != NULL ? b[i] : 0) - (a != NULL ? a[i] : 0) - difference;
        squares += d * d;
    }
    double error = count > 1 ? sqrt(squares / (count - 1) / count) : 0;
    return fabs(difference) > STANDARD_ERRORS * error && fabs(difference) > 1e-9;
}

static double size_of(const struct sw_doubt_move *move)
{
    double most =
        fmax(fabs(move->halved - move->as_written), fabs(move->doubled - move->as_written));
    return most / fmax(1, move->as_written);
}

static void keep_move(struct sw_doubt *doubt, const struct sw_doubt_move *move)
{
    uint32_t at = doubt->move_count;
    while (at > 0 && size_of(&doubt->moves[at - 1]) < size_of(move)) {
        at--;
    }
    if (at == SW_DOUBT_MOVES_MAX) {
        return;
    }
    doubt->move_count += doubt->move_count < SW_DOUBT_MOVES_MAX ? 1 : 0;
    for (uint32_t i = doubt->move_count - 1; i > at; i--) {
        doubt->moves[i] = doubt->moves[i - 1];
    }
    doubt->moves[at] = *move;
}

/* What is counted as written, halved and doubled. */
struct thrice {
    const struct sw_metrics *written, *halved, *doubled;
    uint32_t runs;
};

static void compare(struct sw_doubt *doubt, const struct thrice *thrice,
                    const struct sw_metric *metric)
{
    const double *written = find_values(thrice->written, metric);
    const double *halved = find_values(thrice->halved, metric);
    const double *doubled = find_values(thrice->doubled, metric);
    if (differs(written, halved, thrice->runs) || differs(written, doubled, thrice->runs)) {
        struct sw_doubt_move move = {.heading = metric->heading,
                                     .as_written = mean_of(written, thrice->runs),
                                     .halved = mean_of(halved, thrice->runs),
                                     .doubled = mean_of(doubled, thrice->runs)};
        (void)snprintf(move.label, sizeof(move.label), "%s", metric->label);
        keep_move(doubt, &move);
    }
}

static void compare_all(struct sw_doubt *doubt, const struct thrice *thrice)
{
    const struct sw_metrics *sides[] = {thrice->written, thrice->halved, thrice->doubled};
    for (uint32_t side = 0; side < 3; side++) {
        for (uint32_t i = 0; i < sides[side]->count; i++) {
            const struct sw_metric *metric = &sides[side]->items[i];
            bool seen = (side > 0 && find_values(sides[0], metric) != NULL) ||
                        (side > 1 && find_values(sides[1], metric) != NULL);
            if (!seen) {
                compare(doubt, thrice, metric);
            }
        }
    }
}

/* True when the scenario can be loaded so. */
static bool is_allowed(const struct sw_sweep *sweep, const struct sw_scenario_doubt *doubt)
{
    static struct sw_scenario scenario;
    struct sw_report report = {0};
    struct sw_scenario_options options = sw_sweep_options(sweep, 1, doubt);
    bool allowed = sw_scenario_open(&scenario, sweep->path, &options, &report) == SW_OK;
    sw_report_free(&report);
    sw_scenario_free(&scenario);
    return allowed;
}

/* Runs one half or double; what is not allowed counts as if it were as written. */
static enum sw_status run_factor(const struct sw_sweep *sweep, const struct sw_doubt *doubt,
                                 double factor, const char *what, struct thrice *thrice,
                                 struct sw_metrics *metrics)
{
    struct sw_scenario_doubt wanted = {
        .automatic = doubt->automatic, .line = doubt->line, .factor = factor};
    const struct sw_metrics **side = factor < 1 ? &thrice->halved : &thrice->doubled;
    if (!is_allowed(sweep, &wanted)) {
        return SW_OK;
    }
    enum sw_status status = sw_sweep_run(sweep, thrice->runs, &wanted, what, metrics);
    *side = status == SW_OK ? metrics : *side;
    return status;
}

enum sw_status sw_doubts_try(struct sw_doubts *doubts, const struct sw_sweep *sweep, uint32_t runs,
                             const struct sw_metrics *written)
{
    static struct sw_metrics halved;
    static struct sw_metrics doubled;
    enum sw_status status = SW_OK;
    doubts->runs = runs;
    for (uint32_t i = 0; i < doubts->count && status == SW_OK; i++) {
        char what[64];
        struct thrice thrice = {written, written, written, runs};
        (void)snprintf(what, sizeof(what), "uncertain line %u of %u: ", i + 1, doubts->count);
        status = run_factor(sweep, &doubts->items[i], 0.5, what, &thrice, &halved);
        if (status == SW_OK) {
            status = run_factor(sweep, &doubts->items[i], 2, what, &thrice, &doubled);
        }
        if (status == SW_OK) {
            compare_all(&doubts->items[i], &thrice);
        }
        sw_metrics_free(&halved);
        sw_metrics_free(&doubled);
    }
    return status;
}

/* ---- what is told ---- */

static void print_place(const struct sw_doubt *doubt, FILE *stream)
{
    (void)fprintf(stream, "%sline %u", doubt->automatic ? "what moves by itself, " : "",
                  doubt->line);
}

static void print_moved(const struct sw_doubt *doubt, FILE *stream)
{
    (void)fprintf(stream, "  ");
    print_place(doubt, stream);
    (void)fprintf(stream, ": %s\n", doubt->text);
    for (uint32_t i = 0; i < doubt->move_count; i++) {
        const struct sw_doubt_move *move = &doubt->moves[i];
        (void)fprintf(stream, "      %s, %s: %.1f; halved %.1f, doubled %.1f\n", move->heading,
                      move->label, move->as_written, move->halved, move->doubled);
    }
}

void sw_doubts_print(const struct sw_doubts *doubts, FILE *stream)
{
    bool still = false;
    if (doubts->count > 0) {
        (void)fprintf(stream,
                      doubts->runs > 0
                          ? "What nobody has counted, and what it moves when it alone is "
                            "halved or doubled (%u runs each):\n"
                          : "It rests on what nobody has counted:\n",
                      doubts->runs);
    }
    for (uint32_t i = 0; i < doubts->count; i++) {
        if (doubts->items[i].move_count > 0 || doubts->runs == 0) {
            print_moved(&doubts->items[i], stream);
        } else {
            still = true;
        }
    }
    const char *before = "  moves none of the numbers above: ";
    for (uint32_t i = 0; i < doubts->count && still; i++) {
        if (doubts->items[i].move_count == 0 && doubts->runs > 0) {
            (void)fputs(before, stream);
            print_place(&doubts->items[i], stream);
            before = "; ";
        }
    }
    if (still) {
        (void)fputc('\n', stream);
    }
    if (doubts->over > 0) {
        (void)fprintf(stream, "  %u more uncertain lines were not tried\n", doubts->over);
    }
}

void sw_doubts_print_json(const struct sw_doubts *doubts, FILE *stream)
{
    (void)fputc('[', stream);
    for (uint32_t i = 0; i < doubts->count; i++) {
        const struct sw_doubt *doubt = &doubts->items[i];
        (void)fprintf(stream,
                      "%s\n{\"automatic\":%s,\"line\":%u,\"runs\":%u,\"text\":", i > 0 ? "," : "",
                      doubt->automatic ? "true" : "false", doubt->line, doubts->runs);
        sw_text_print_json(sw_text_from(doubt->text), stream);
        (void)fputs(",\"moves\":[", stream);
        for (uint32_t k = 0; k < doubt->move_count; k++) {
            const struct sw_doubt_move *move = &doubt->moves[k];
            (void)fprintf(stream, "%s{\"group\":\"%s\",\"metric\":", k > 0 ? "," : "",
                          move->heading);
            sw_text_print_json(sw_text_from(move->label), stream);
            (void)fprintf(stream, ",\"mean\":%.3f,\"halved\":%.3f,\"doubled\":%.3f}",
                          move->as_written, move->halved, move->doubled);
        }
        (void)fputs("]}", stream);
    }
    (void)fputc(']', stream);
}
