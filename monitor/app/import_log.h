/**
 * Where imported events go: through the pipeline into a log, each with its evidence.
 */
#ifndef SHAREWATCH_IMPORT_LOG_H
#define SHAREWATCH_IMPORT_LOG_H

#include <sharewatch/evidence.h>
#include <sharewatch/log.h>
#include <sharewatch/pipeline.h>
#include <sharewatch/status.h>

#include "digest.h"
#include "import.h"
#include "judge.h"
#include "knowledge.h"
#include "signer.h"

struct sw_import_log {
    struct sw_log log;
    struct sw_signer signer;
    struct sw_evidence evidence;
    struct sw_digest digest;
    struct sw_pipeline *pipeline;
    struct sw_judge judge;
    struct sw_scratch *scratch; // of the policy
    struct sw_import_sink sink;
    struct sw_log_alert alert; // the newest
    int64_t now_ms;            // when the import began: all its rows are of one moment
    uint64_t alerts;           // new ones
    uint64_t events;           // new ones
    uint64_t line;             // of the row that is being taken
    char scrubbed[SW_JUDGE_STORED_MAX];
    char code[64]; // of the last refusal
};

/**
 * Opens the log at @path, or makes it, and begins a run. SW_DATABASE, SW_NO_MEMORY: the sentence of
 * its log says why; it is closed. It is large: place it statically. @knowledge outlives it.
 */
enum sw_status sw_import_log_open(struct sw_import_log *import, const char *path,
                                  const struct sw_knowledge *knowledge) SW_MUST_CHECK;

/** Ends the run and closes. SW_DATABASE: the sentence of its log says why. */
enum sw_status sw_import_log_close(struct sw_import_log *import);

#endif
