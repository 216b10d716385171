/* Counts only: no text of a row is ever shown. A share stands beside its number, and the share that
 * cannot be assessed stands beside the one that names immigration, since the second says little
 * without the first. */
#include "import.h"

#include <sharewatch/taxonomy.h>
#include <sharewatch/time.h>

static double percent(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0.0 : 100.0 * (double)part / (double)whole;
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void print_count(FILE *stream, const char *what, uint64_t part, uint64_t whole)
{
    (void)fprintf(stream, "  %-34s %10llu  %6.2f %%\n", what, (unsigned long long)part,
                  percent(part, whole));
}

static void print_digest(FILE *stream, const uint8_t digest[32], size_t bytes)
{
    char text[65];
    sw_text_hex(digest, bytes, text);
    (void)fputs(text, stream);
}

static void print_file(FILE *stream, const struct sw_import_file *file)
{
    if (file->skipped != SW_IMPORT_READ) {
        (void)fprintf(stream, "  %s: passed over: %s\n", file->name,
                      sw_import_skip_text(file->skipped));
        return;
    }
    (void)fprintf(stream, "  %s: ", file->name);
    if (file->kind == SW_FLOCK_NONE) {
        (void)fprintf(stream, "no header with known columns; ");
    } else {
        (void)fprintf(stream, "%s%s%s; ", sw_flock_kind_text(file->kind),
                      file->agency[0] != '\0' ? " of " : "", file->agency);
    }
    (void)fprintf(stream, "%llu row%s, %llu search%s, %llu cop%s", (unsigned long long)file->rows,
                  plural(file->rows), (unsigned long long)file->searches,
                  file->searches == 1 ? "" : "es", (unsigned long long)file->duplicates,
                  file->duplicates == 1 ? "y" : "ies");
    if (file->changes > 0) {
        (void)fprintf(stream, ", %llu change%s of sharing", (unsigned long long)file->changes,
                      plural(file->changes));
    }
    (void)fprintf(stream, ", %llu quarantined; sha256 ", (unsigned long long)file->quarantined);
    print_digest(stream, file->digest, 8);
    (void)fprintf(stream, "…\n");
    for (uint32_t i = 0; i < file->unknown_count; i++) {
        (void)fprintf(stream, "%s%s", i == 0 ? "    columns not known: " : ", ", file->unknown[i]);
    }
    (void)fprintf(stream, "%s", file->unknown_count > 0 ? "\n" : "");
}

static void print_quarantine(const struct sw_import_counts *counts, FILE *stream)
{
    if (counts->quarantined == 0) {
        return;
    }
    (void)fprintf(stream, "\nQuarantined rows\n");
    for (int fault = SW_FAULT_NONE + 1; fault < SW_FAULT_COUNT; fault++) {
        if (counts->faults[fault] > 0) {
            (void)fprintf(stream, "  %-34s %10llu  %s\n",
                          sw_flock_fault_code((enum sw_flock_fault)fault),
                          (unsigned long long)counts->faults[fault],
                          sw_flock_fault_text((enum sw_flock_fault)fault));
        }
    }
    for (uint32_t i = 0; i < counts->refused_count; i++) {
        (void)fprintf(stream, "  %-34s %10llu  refused as an event\n", counts->refused[i].code,
                      (unsigned long long)counts->refused[i].rows);
    }
}

static void print_enum(FILE *stream, enum sw_field field, const uint64_t *numbers, uint16_t first,
                       uint64_t whole)
{
    const struct sw_enum_info *names = sw_field_info(field)->values;
    for (uint16_t code = first; code <= names->value_count; code++) {
        if (numbers[code] > 0) {
            char name[64];
            (void)snprintf(name, sizeof(name), "  %s", names->values[code]);
            print_count(stream, name, numbers[code], whole);
        }
    }
}

static void print_purposes(const struct sw_import_counts *counts, FILE *stream)
{
    uint64_t whole = counts->searches;
    (void)fprintf(stream, "\nPurpose, of %llu search%s\n", (unsigned long long)whole,
                  whole == 1 ? "" : "es");
    print_count(stream, "names immigration", counts->names_immigration, whole);
    for (int code = 1; code < SW_PURPOSE_CLASS_COUNT; code++) {
        const struct sw_enum_info *names = sw_field_info(SW_FIELD_PURPOSE_TEXT_CLASS)->values;
        if (code != SW_PURPOSE_CLASS_NONE && counts->reason_class[code] > 0) {
            char name[64];
            (void)snprintf(name, sizeof(name), "  %s", names->values[code]);
            print_count(stream, name, counts->reason_class[code], whole);
        }
    }
    print_count(stream, "cannot be assessed", counts->not_assessable, whole);
    for (int state = 0; state < SW_CELL_PARTIAL; state++) {
        if (counts->reason_state[state] > 0) {
            char name[64];
            (void)snprintf(name, sizeof(name), "  reason %s",
                           sw_cell_state_text((enum sw_cell_state)state));
            print_count(stream, name, counts->reason_state[state], whole);
        }
    }
    print_count(stream, "reason given", whole - counts->reason_quality[0], whole);
    print_enum(stream, SW_FIELD_REASON_QUALITY, counts->reason_quality, 1, whole);
    print_count(stream, "reason partly masked", counts->reason_state[SW_CELL_PARTIAL], whole);
    print_count(stream, "reason held personal data (scrubbed)", counts->scrubbed, whole);
    print_count(stream, "a case number stands beside it", counts->with_case, whole);
    (void)fprintf(stream, "\nWho searched, of %llu search%s\n", (unsigned long long)whole,
                  whole == 1 ? "" : "es");
    print_enum(stream, SW_FIELD_ACTOR_CLASS, counts->by_class, 1, whole);
    print_count(stream, "  not known", counts->by_class[0], whole);
}

static void print_dates(const struct sw_import_counts *counts, FILE *stream)
{
    char first[SW_TIME_BYTES];
    char last[SW_TIME_BYTES];
    if (counts->searches > 0) {
        sw_time_format(counts->first_ms, first);
        sw_time_format(counts->last_ms, last);
        (void)fprintf(stream, "Searches from %s to %s\n", first, last);
    }
}

static void print_tokens(const struct sw_import *import, FILE *stream)
{
    char fingerprint[SW_TOKEN_BYTES];
    if (import->sink == NULL) {
        return;
    }
    if (import->tokens == NULL) {
        (void)fprintf(stream, "Tokens: none were made of plates and case numbers, for want of a "
                              "key; --key-dir names its folder\n");
        return;
    }
    sw_token_key_fingerprint(import->tokens, fingerprint);
    (void)fprintf(stream, "Tokens: of %llu plate%s and %llu case number%s, by the key %s\n",
                  (unsigned long long)import->counts.vehicle_tokens,
                  plural(import->counts.vehicle_tokens),
                  (unsigned long long)import->counts.case_tokens,
                  plural(import->counts.case_tokens), fingerprint);
}

void sw_import_print(const struct sw_import *import, FILE *stream)
{
    const struct sw_import_counts *counts = &import->counts;
    (void)fprintf(stream, "%u file%s: %llu row%s, %llu search%s, %llu cop%s of them",
                  import->file_count, plural(import->file_count), (unsigned long long)counts->rows,
                  plural(counts->rows), (unsigned long long)counts->searches,
                  counts->searches == 1 ? "" : "es", (unsigned long long)counts->duplicates,
                  counts->duplicates == 1 ? "y" : "ies");
    (void)fprintf(stream, ", %llu change%s of sharing, %llu quarantined\n",
                  (unsigned long long)counts->changes, plural(counts->changes),
                  (unsigned long long)counts->quarantined);
    print_dates(counts, stream);
    print_tokens(import, stream);
    for (uint32_t i = 0; i < import->file_count; i++) {
        print_file(stream, &import->files[i]);
    }
    const struct {
        const char *what;
        uint64_t count;
    } notes[] = {
        {"in the log from an earlier import", counts->logged_before},
        {"copies that say more of the purpose", counts->corrections},
        {"copies whose reason reads otherwise", counts->reasons_differ},
        {"headers repeated or stacked", counts->headers},
        {"entries of event logs on other things", counts->other_entities},
        {"empty lines", counts->blank_lines},
        {"searches too many to be linked", counts->unlinked},
    };
    for (size_t i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        if (notes[i].count > 0) {
            (void)fprintf(stream, "  %-38s %10llu\n", notes[i].what,
                          (unsigned long long)notes[i].count);
        }
    }
    if (counts->searches > 0) {
        print_purposes(counts, stream);
    }
    print_quarantine(counts, stream);
}

/* --- JSON --- */

static void print_json_file(FILE *stream, const struct sw_import_file *file)
{
    (void)fprintf(stream, "{\"name\":");
    sw_text_print_json(sw_text_from(file->name), stream);
    (void)fprintf(stream, ",\"sha256\":\"");
    print_digest(stream, file->digest, 32);
    (void)fprintf(stream, "\",\"bytes\":%llu,\"kind\":\"%s\",\"agency\":\"%s\",\"skipped\":",
                  (unsigned long long)file->bytes, sw_flock_kind_text(file->kind), file->agency);
    sw_text_print_json(sw_text_from(sw_import_skip_text(file->skipped)), stream);
    (void)fprintf(stream,
                  ",\"rows\":%llu,\"headers\":%llu,\"searches\":%llu,\"duplicates\":%llu,"
                  "\"changes\":%llu,\"quarantined\":%llu,\"unknown_columns\":[",
                  (unsigned long long)file->rows, (unsigned long long)file->headers,
                  (unsigned long long)file->searches, (unsigned long long)file->duplicates,
                  (unsigned long long)file->changes, (unsigned long long)file->quarantined);
    for (uint32_t i = 0; i < file->unknown_count; i++) {
        (void)fprintf(stream, "%s", i > 0 ? "," : "");
        sw_text_print_json(sw_text_from(file->unknown[i]), stream);
    }
    (void)fprintf(stream, "]}");
}

static void print_json_enum(FILE *stream, const char *name, enum sw_field field,
                            const uint64_t *numbers)
{
    const struct sw_enum_info *names = sw_field_info(field)->values;
    (void)fprintf(stream, ",\"%s\":{", name);
    for (uint16_t code = 1; code <= names->value_count; code++) {
        (void)fprintf(stream, "%s\"%s\":%llu", code > 1 ? "," : "", names->values[code],
                      (unsigned long long)numbers[code]);
    }
    (void)fprintf(stream, "}");
}

static void print_json_quarantine(FILE *stream, const struct sw_import_counts *counts)
{
    const char *comma = "";
    (void)fprintf(stream, ",\"quarantine\":{");
    for (int fault = SW_FAULT_NONE + 1; fault < SW_FAULT_COUNT; fault++) {
        if (counts->faults[fault] > 0) {
            (void)fprintf(stream, "%s\"%s\":%llu", comma,
                          sw_flock_fault_code((enum sw_flock_fault)fault),
                          (unsigned long long)counts->faults[fault]);
            comma = ",";
        }
    }
    for (uint32_t i = 0; i < counts->refused_count; i++) {
        (void)fprintf(stream, "%s\"event:%s\":%llu", comma, counts->refused[i].code,
                      (unsigned long long)counts->refused[i].rows);
        comma = ",";
    }
    (void)fprintf(stream, "}");
}

static void print_json_states(FILE *stream, const struct sw_import_counts *counts)
{
    static const char *const names[] = {"not_exported", "empty", "redacted", "partial", "value"};
    (void)fprintf(stream, ",\"reason_state\":{");
    for (int state = 0; state < SW_CELL_STATE_COUNT; state++) {
        (void)fprintf(stream, "%s\"%s\":%llu", state > 0 ? "," : "", names[state],
                      (unsigned long long)counts->reason_state[state]);
    }
    (void)fprintf(stream, "}");
}

void sw_import_print_json(const struct sw_import *import, FILE *stream)
{
    const struct sw_import_counts *counts = &import->counts;
    char first[SW_TIME_BYTES] = "";
    char last[SW_TIME_BYTES] = "";
    if (counts->searches > 0) {
        sw_time_format(counts->first_ms, first);
        sw_time_format(counts->last_ms, last);
    }
    const struct {
        const char *name;
        uint64_t count;
    } numbers[] = {
        {"rows", counts->rows},
        {"searches", counts->searches},
        {"duplicates", counts->duplicates},
        {"changes", counts->changes},
        {"quarantined", counts->quarantined},
        {"headers", counts->headers},
        {"blank_lines", counts->blank_lines},
        {"other_entities", counts->other_entities},
        {"logged_before", counts->logged_before},
        {"corrections", counts->corrections},
        {"reasons_differ", counts->reasons_differ},
        {"unlinked", counts->unlinked},
        {"scrubbed", counts->scrubbed},
        {"with_case", counts->with_case},
        {"vehicle_tokens", counts->vehicle_tokens},
        {"case_tokens", counts->case_tokens},
        {"names_immigration", counts->names_immigration},
        {"not_assessable", counts->not_assessable},
        {"class_unknown", counts->by_class[0]},
    };
    (void)fprintf(stream, "{");
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        (void)fprintf(stream, "\"%s\":%llu,", numbers[i].name,
                      (unsigned long long)numbers[i].count);
    }
    (void)fprintf(stream, "\"share_names_immigration\":%.6f,\"share_not_assessable\":%.6f",
                  percent(counts->names_immigration, counts->searches) / 100,
                  percent(counts->not_assessable, counts->searches) / 100);
    (void)fprintf(stream, ",\"first\":\"%s\",\"last\":\"%s\"", first, last);
    print_json_states(stream, counts);
    print_json_enum(stream, "reason_class", SW_FIELD_PURPOSE_TEXT_CLASS, counts->reason_class);
    print_json_enum(stream, "reason_quality", SW_FIELD_REASON_QUALITY, counts->reason_quality);
    print_json_enum(stream, "searcher_class", SW_FIELD_ACTOR_CLASS, counts->by_class);
    print_json_quarantine(stream, counts);
    (void)fprintf(stream, ",\"files\":[");
    for (uint32_t i = 0; i < import->file_count; i++) {
        (void)fprintf(stream, "%s", i > 0 ? "," : "");
        print_json_file(stream, &import->files[i]);
    }
    (void)fprintf(stream, "]}\n");
}
