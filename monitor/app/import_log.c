#include "import_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/now.h>

#include "signer.h"

#define WAL_BYTES_MAX (INT64_C(64) << 20)

/* --- what the judge hands out --- */

static void add_outputs(void *context, const struct sw_log_subject *subject,
                        const struct sw_event *event, const struct sw_outputs *outputs)
{
    struct sw_import_log *import = context;
    (void)event;
    if (sw_log_add_outputs(&import->log, subject, outputs, &import->alert)) {
        import->alerts++;
    }
}

/* Imported events stamp no sequence, so there are no gaps among them. */
static void add_gap(void *context, const struct sw_gap *gap, int64_t at_ms)
{
    struct sw_import_log *import = context;
    sw_log_add_gap(&import->log, sw_pipeline_source_name(import->pipeline, gap->source), gap,
                   at_ms);
}

static const struct sw_judge_calls judge_calls = {
    .take = add_outputs,
    .take_gap = add_gap,
};

/* --- what the import asks for --- */

/* An event with this id is in the log: which row it is, and what it said of the reason. */
static enum sw_status answer_known(struct sw_import_log *import, const struct sw_packet *packet,
                                   bool differs, struct sw_import_answer *answer)
{
    struct sw_judge *judge = &import->judge;
    struct sw_log_event found;
    struct sw_rejection rejection;
    enum sw_status status = sw_log_find_event(&import->log, judge->event.source, judge->event.id,
                                              &found, judge->parent_payload);
    if (status != SW_OK) {
        return SW_DATABASE;
    }
    answer->event_row = found.id;
    answer->differs = differs;
    if (differs) {
        struct sw_packet earlier = {.topic = packet->topic,
                                    .payload = {judge->parent_payload, found.payload_length},
                                    .received_ms = found.logged_ms};
        if (sw_pipeline_decode(import->pipeline, &earlier, &judge->parent, &rejection) == SW_OK) {
            answer->reason = sw_event_text(&judge->parent, SW_FIELD_REASON);
        }
    }
    return SW_EXISTS;
}

static enum sw_status take(void *context, struct sw_text topic, struct sw_text payload,
                           struct sw_import_answer *answer)
{
    struct sw_import_log *import = context;
    struct sw_judge *judge = &import->judge;
    struct sw_rejection rejection;
    struct sw_packet packet = {.topic = topic, .payload = payload, .received_ms = import->now_ms};
    if (sw_pipeline_decode(import->pipeline, &packet, &judge->event, &rejection) != SW_OK) {
        (void)snprintf(import->code, sizeof(import->code), "%s", rejection.code);
        answer->code = import->code;
        return SW_MALFORMED;
    }
    sw_digest_of(&import->digest, payload, packet.digest);
    struct sw_text stored = sw_judge_stored(&packet, &judge->event, import->scrubbed);
    enum sw_status status = sw_log_add_event(&import->log, &packet, &judge->event, stored);
    if (status == SW_EXISTS || status == SW_INVALID) {
        return answer_known(import, &packet, status == SW_INVALID, answer);
    }
    if (status == SW_OK) {
        import->events++;
        answer->event_row = import->log.event_id;
        sw_judge_event(judge, import->log.event_id, import->now_ms);
    }
    return status;
}

static void begin_file(void *context, const struct sw_import_file *file)
{
    struct sw_import_log *import = context;
    struct sw_evidence_file evidence = {
        .name = sw_text_from(file->name),
        .kind = sw_text_from(sw_flock_kind_text(file->kind)),
        .agency = sw_text_from(file->agency),
        .bytes = file->bytes,
    };
    memcpy(evidence.digest, file->digest, sizeof(evidence.digest));
    sw_evidence_begin_file(&import->evidence, &evidence);
}

static void add_evidence(void *context, uint64_t row, uint64_t line, int64_t event_row,
                         uint32_t masks)
{
    struct sw_import_log *import = context;
    sw_evidence_add(&import->evidence, row, line, event_row, masks);
}

/* The row stands in quarantine by the file's digest and its place in the file, never by its bytes.
 */
static void quarantine(void *context, const struct sw_import_file *file,
                       const struct sw_import_row *row, const char *code)
{
    struct sw_import_log *import = context;
    struct sw_rejection rejection = {
        .code = code, .position = row->offset < UINT32_MAX ? (uint32_t)row->offset : UINT32_MAX};
    struct sw_packet packet = {.payload = {.length = row->bytes}, .received_ms = import->now_ms};
    memcpy(packet.digest, file->digest, sizeof(packet.digest));
    (void)snprintf(rejection.field, sizeof(rejection.field), "row %llu, line %llu",
                   (unsigned long long)row->row, (unsigned long long)row->line);
    sw_log_add_quarantine(&import->log, &packet, &rejection);
}

/* The WAL is copied into the log from here, for there is no loop that would. */
static enum sw_status commit(void *context)
{
    struct sw_import_log *import = context;
    sw_knowledge_keep_state(import->scratch, &import->log);
    enum sw_status status = sw_log_commit(&import->log);
    if (status == SW_OK && sw_log_wal_bytes(&import->log) > WAL_BYTES_MAX) {
        status = sw_log_checkpoint(import->log.path, import->log.sentence);
    }
    return status;
}

/* --- opening --- */

static enum sw_status open_pipeline(struct sw_import_log *import,
                                    const struct sw_knowledge *knowledge)
{
    struct sw_pipeline_config config = sw_knowledge_config(knowledge);
    void *memory = calloc(1, sw_pipeline_bytes());
    if (memory == NULL || sw_digest_open(&import->digest) != SW_OK) {
        free(memory);
        (void)snprintf(import->log.sentence, sizeof(import->log.sentence), "not enough memory");
        return SW_NO_MEMORY;
    }
    import->pipeline = sw_pipeline_init(memory, &config);
    sw_judge_init_log(&import->judge, import->pipeline, &import->log, &judge_calls, import);
    return SW_OK;
}

/* Nothing is added to a log that its signer refuses. */
static bool open_signer(struct sw_import_log *import)
{
    enum sw_status started = sw_signer_start(&import->signer, NULL);
    if (!sw_signer_open(&import->signer, started, &import->log, "import", false, import->now_ms)) {
        return false;
    }
    enum sw_status status = sw_signer_seal(&import->signer, &import->log);
    if (status == SW_INVALID) {
        (void)fprintf(stderr, "sharewatch import: %s\n", import->signer.sentence);
        (void)snprintf(import->log.sentence, sizeof(import->log.sentence), "nothing was imported");
        return false;
    }
    return status != SW_DATABASE && sw_log_commit(&import->log) == SW_OK;
}

static enum sw_status open_log(struct sw_import_log *import, const struct sw_knowledge *knowledge)
{
    struct sw_log_run run = {.broker = "(import)", .started_ms = import->now_ms};
    struct sw_log_spool spool;
    import->scratch = knowledge->scratch;
    sw_knowledge_fill_run(knowledge, &run);
    if (!open_signer(import)) {
        return SW_DATABASE;
    }
    enum sw_status status = sw_log_start_run(&import->log, &run);
    if (status == SW_OK) {
        status = sw_log_restore(&import->log, import->pipeline, &spool);
    }
    if (status == SW_OK) {
        status = sw_knowledge_restore_state(import->scratch, &import->log);
    }
    if (status == SW_OK) {
        status = sw_evidence_open(&import->evidence, &import->log);
    }
    return status;
}

enum sw_status sw_import_log_open(struct sw_import_log *import, const char *path,
                                  const struct sw_knowledge *knowledge)
{
    memset(import, 0, sizeof(*import));
    import->now_ms = sw_now_ms();
    import->sink = (struct sw_import_sink){.take = take,
                                           .begin_file = begin_file,
                                           .add_evidence = add_evidence,
                                           .quarantine = quarantine,
                                           .commit = commit,
                                           .context = import};
    enum sw_status status = sw_log_open(&import->log, path);
    if (status != SW_OK) {
        return status;
    }
    status = open_pipeline(import, knowledge);
    if (status == SW_OK) {
        status = open_log(import, knowledge);
    }
    if (status != SW_OK) {
        (void)sw_import_log_close(import);
    }
    return status;
}

enum sw_status sw_import_log_close(struct sw_import_log *import)
{
    enum sw_status status = SW_OK;
    if (import->log.run_id != 0 && !import->log.failed) {
        status = sw_signer_end_run(&import->signer, &import->log, "import", sw_now_ms());
    }
    sw_signer_stop(&import->signer);
    sw_evidence_close(&import->evidence);
    sw_log_close(&import->log);
    sw_digest_close(&import->digest);
    free(import->pipeline);
    import->pipeline = NULL;
    return status;
}
