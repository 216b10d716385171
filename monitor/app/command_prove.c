/* `sharewatch prove`: one alert as a proof that can be checked without the log. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sharewatch/command.h>
#include <sharewatch/proof.h>

#include "verbs.h"

int sw_command_prove(int argc, char **argv)
{
    const char *out = NULL;
    bool withhold = false;
    char sentence[SW_VERIFY_SENTENCE_BYTES];
    const struct sw_option options[] = {
        {"out", "FILE", NULL, &out, "write the proof there (default: standard output)"},
        {"withhold-chain", NULL, &withhold, NULL, "keep back the key of its chain, a token"},
    };
    const struct sw_command command = {
        .name = "prove",
        .arguments = "LOG ALERT",
        .about = "write one alert as a proof that can be checked without the log",
        .details =
            "The proof discloses the alert, its hop, its findings and the standing of its\n"
            "chain, and nothing else of the log; `sharewatch verify --proof FILE` checks it.\n",
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
        .arguments_min = 2,
        .arguments_max = 2,
    };
    uint32_t count = 0;
    int64_t alert = 0;
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    if (sw_command_number(argv[2], 1, INT64_MAX, &alert) != SW_OK) {
        return sw_command_usage_error(&command, "ALERT is the number of an alert in the log");
    }
    FILE *stream = out != NULL ? fopen(out, "w") : stdout;
    if (stream == NULL) {
        (void)fprintf(stderr, "sharewatch prove: %s: %s\n", out, strerror(errno));
        return SW_EXIT_ENVIRONMENT;
    }
    status = sw_proof_write(argv[1], alert, withhold, stream, sentence);
    if (out != NULL && fclose(stream) != 0 && status == SW_OK) {
        (void)snprintf(sentence, sizeof(sentence), "%s: %s", out, strerror(errno));
        status = SW_IO;
    }
    if (status != SW_OK) {
        (void)fprintf(stderr, "sharewatch prove: %s\n", sentence);
        return SW_EXIT_ENVIRONMENT;
    }
    return SW_EXIT_OK;
}
