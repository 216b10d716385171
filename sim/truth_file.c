#include "truth_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/time.h>

#define LINE_BYTES 1024

struct sw_truth_file {
    FILE *stream;
    const char *path;
    const struct sw_scenario *scenario;
    struct sw_map *map;
    struct sw_truth *truth;
    uint32_t changes; // of the scenario, made so far
};

static enum sw_status complain(const struct sw_truth_file *file, const char *reason)
{
    (void)fprintf(stderr, "sharewatch sim: %s: %s\n", file->path, reason);
    return SW_IO;
}

enum sw_status sw_truth_file_open(struct sw_truth_file **out, const char *path,
                                  const struct sw_scenario *scenario, struct sw_map *map)
{
    struct sw_truth_file *file = calloc(1, sizeof(*file));
    *out = file;
    if (file == NULL) {
        return SW_NO_MEMORY;
    }
    *file = (struct sw_truth_file){.path = path, .scenario = scenario, .map = map};
    file->stream = fopen(path, "w");
    if (file->stream == NULL) {
        return complain(file, strerror(errno));
    }
    if (sw_truth_open(&file->truth, scenario, map) != SW_OK) {
        return complain(file, sw_status_text(SW_NO_MEMORY));
    }
    return SW_OK;
}

static void append_text(struct sw_buffer *line, const char *key, struct sw_text text)
{
    sw_buffer_append_format(line, ",\"%s\":", key);
    sw_buffer_append_json(line, text);
}

static void write_crossing(struct sw_truth_file *file, const struct sw_scenario_event *made,
                           const struct sw_truth_fact *fact)
{
    char bytes[LINE_BYTES];
    char time[SW_TIME_BYTES];
    struct sw_buffer line;
    sw_time_format(made->event.time_ms, time);
    sw_buffer_init(&line, bytes, sizeof(bytes));
    sw_buffer_append_format(&line, "{\"time\":\"%s\"", time);
    append_text(&line, "source", made->event.source);
    append_text(&line, "id", made->event.id);
    append_text(&line, "edge",
                fact->edge != SW_NONE ? file->map->edges[fact->edge].id : (struct sw_text){0});
    append_text(&line, "level", sw_text_from(sw_level_word(fact->level)));
    sw_buffer_append_format(&line, ",\"told\":%s,\"by_itself\":%s", made->hidden ? "false" : "true",
                            file->scenario->steps[made->step].automatic ? "true" : "false");
    append_text(&line, "fault", sw_text_from(sw_fault_word(made->fault.kind)));
    (void)fprintf(file->stream, "%s}\n", bytes);
}

/* Edges that are switched at @at_ms or before, before anything that is told then. */
static void make_changes(struct sw_truth_file *file, int64_t at_ms)
{
    const struct sw_scenario *scenario = file->scenario;
    while (file->changes < scenario->change_count &&
           scenario->changes[file->changes].at_ms <= at_ms) {
        const struct sw_scenario_change *change = &scenario->changes[file->changes++];
        for (uint32_t i = 0; i < change->switch_count; i++) {
            uint16_t edge = sw_map_edge(file->map, change->switches[i].edge);
            if (edge != SW_NONE) {
                sw_map_enable(file->map, edge, change->switches[i].on);
            }
        }
    }
}

void sw_truth_file_take(struct sw_truth_file *file, const struct sw_scenario_event *made)
{
    struct sw_truth_fact fact;
    make_changes(file, made->emit_ms);
    struct sw_sighting sighting = {.arrival = sw_truth_arrival(file->truth, made)};
    sw_truth_judge(file->truth, made, &fact);
    if (sighting.arrival == SW_ARRIVAL_TAKEN) {
        sighting.has_hop = fact.crossing || fact.leads_on;
        sighting.level = fact.level;
        sighting.crosses = fact.crossing   ? SW_CROSSES_DIRECT
                           : fact.leads_on ? SW_CROSSES_REACHABLE
                                           : SW_CROSSES_NONE;
    }
    sw_truth_take(file->truth, made, &fact, &sighting);
    if (fact.crossing) {
        write_crossing(file, made, &fact);
    }
}

enum sw_status sw_truth_file_finish(struct sw_truth_file *file)
{
    char bytes[SW_TRUTH_TEXT_BYTES];
    struct sw_buffer buffer;
    struct sw_truth_score score;
    sw_truth_finish(file->truth, &score);
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_truth_write_json(&score, &buffer);
    (void)fprintf(file->stream, "%s\n", bytes);
    if (fflush(file->stream) != 0 || ferror(file->stream) != 0) {
        return complain(file, "not all could be written; is the disk full?");
    }
    sw_buffer_init(&buffer, bytes, sizeof(bytes));
    sw_truth_write_text(&score, &buffer);
    (void)fprintf(stderr, "By the map alone, from all that is told and arrives whole:\n%s", bytes);
    return SW_OK;
}

void sw_truth_file_close(struct sw_truth_file *file)
{
    if (file != NULL) {
        sw_truth_close(file->truth);
        if (file->stream != NULL) {
            (void)fclose(file->stream);
        }
        free(file);
    }
}
