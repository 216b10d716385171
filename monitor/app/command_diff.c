/* `sharewatch diff`: the events of a log under two policies or maps, and what comes out otherwise.
 */
#include <stdio.h>
#include <string.h>

#include <sharewatch/command.h>

#include "diff.h"
#include "verbs.h"

#define REPEATED_MAX 64

static struct sw_diff diff;

struct arguments {
    const char *policies[REPEATED_MAX];
    const char *maps[REPEATED_MAX];
    const char *without[REPEATED_MAX];
    uint32_t policy_count, map_count, without_count;
    const char *policy, *map, *edge; // for the help; given ones are taken before
    const char *threads;
    const char *state_mib;
    uint32_t thread_count;
    uint32_t state_mib_number; // 0: the log's own
    bool chains;
    bool json;
    bool csv;
};

/* Takes every `--NAME VALUE` and `--NAME=VALUE` out of @argv. False: a value is missing. */
static bool take_repeated(int *argc, char **argv, const char *name, const char **values,
                          uint32_t *count)
{
    int kept = 1;
    size_t length = strlen(name);
    bool complete = true;
    for (int i = 1; i < *argc; i++) {
        bool is = strncmp(argv[i], name, length) == 0;
        const char *value = NULL;
        if (is && argv[i][length] == '=') {
            value = argv[i] + length + 1;
        } else if (is && argv[i][length] == '\0') {
            complete = complete && i + 1 < *argc;
            value = i + 1 < *argc ? argv[++i] : "";
        }
        if (value == NULL) {
            argv[kept++] = argv[i];
        } else if (*count < REPEATED_MAX) {
            values[(*count)++] = value;
        }
    }
    argv[kept] = NULL;
    *argc = kept;
    return complete;
}

/* Given once, it is compared with the log's own; given twice, the two are compared. */
static const char *given(const char *const *values, uint32_t count, int side)
{
    if (count == 2) {
        return values[side];
    }
    return count == 1 && side == 1 ? values[0] : NULL;
}

/* The edges in @list, joined by commas. */
static bool switch_off(const char *list)
{
    while (*list != '\0') {
        uint32_t length = (uint32_t)strcspn(list, ",");
        struct sw_text edge = {list, length};
        if (length > 0 && sw_diff_switch_off(&diff, 1, edge) != SW_OK) {
            (void)fprintf(stderr, "sharewatch diff: the map has no edge '%.*s'\n",
                          SW_TEXT_FORMAT(edge));
            return false;
        }
        list += length + (list[length] == ',' ? 1 : 0);
    }
    return true;
}

static bool load(const struct arguments *arguments)
{
    for (int side = 0; side < SW_DIFF_SIDES; side++) {
        if (!sw_diff_load(&diff, side, given(arguments->maps, arguments->map_count, side),
                          given(arguments->policies, arguments->policy_count, side))) {
            return false;
        }
    }
    for (uint32_t i = 0; i < arguments->without_count; i++) {
        if (!switch_off(arguments->without[i])) {
            return false;
        }
    }
    return true;
}

static int run(const struct arguments *arguments, const char *log)
{
    int code = SW_EXIT_ENVIRONMENT;
    if (sw_diff_open(&diff, log) != SW_OK) {
        (void)fprintf(stderr, "sharewatch diff: %s\n", sw_diff_sentence(&diff));
        return code;
    }
    diff.sides[0].logged.state_mib = arguments->state_mib_number;
    if (load(arguments)) {
        enum sw_status status = sw_diff_run(&diff, arguments->thread_count);
        if (status != SW_OK) {
            (void)fprintf(stderr, "sharewatch diff: %s\n", sw_diff_sentence(&diff));
        } else {
            (arguments->json  ? sw_diff_print_json
             : arguments->csv ? sw_diff_print_csv
                              : sw_diff_print)(&diff, arguments->chains, stdout);
            code = SW_EXIT_OK;
        }
    }
    sw_diff_close(&diff);
    return code;
}

int sw_command_diff(int argc, char **argv)
{
    struct arguments arguments = {0};
    const struct sw_option options[] = {
        {"policy", "PACK[,PACK…]|DIR", NULL, &arguments.policy,
         "judge by these packs; once: against the log's own, twice: A and B"},
        {"map", "FILE", NULL, &arguments.map, "the same for the map"},
        {"without-edge", "EDGE[,EDGE…]", NULL, &arguments.edge, "switch edges off in B"},
        {"chains", NULL, &arguments.chains, NULL, "list the chains that stand otherwise"},
        {"threads", "1|2", NULL, &arguments.threads,
         "judge the two sides on so many threads (default: 2)"},
        {"state-mib", "N", NULL, &arguments.state_mib,
         "memory for what rules over many events count (default: as the log says of its last run)"},
        {"json", NULL, &arguments.json, NULL, "print one JSON object"},
        {"csv", NULL, &arguments.csv, NULL, "print lines of section,a,b,count"},
    };
    const struct sw_command command = {
        .name = "diff",
        .arguments = "LOG",
        .about = "what another policy or map would have changed",
        .details =
            "Judges the events of the log on two sides, A and B, and shows how chains and "
            "events move\nbetween verdicts and levels, findings lost and gained, and what no "
            "local rule reaches.\nEvents whose payload was deleted on purpose are judged on "
            "neither side, and "
            "their chains are\nnot compared: both are counted.\n",
        .options = options,
        .option_count = sizeof(options) / sizeof(options[0]),
        .arguments_min = 1,
        .arguments_max = 1,
    };
    uint32_t count = 0;
    bool complete =
        take_repeated(&argc, argv, "--policy", arguments.policies, &arguments.policy_count) &&
        take_repeated(&argc, argv, "--map", arguments.maps, &arguments.map_count) &&
        take_repeated(&argc, argv, "--without-edge", arguments.without, &arguments.without_count);
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    if (!complete) {
        return sw_command_usage_error(&command, "an option lacks its value");
    }
    if (arguments.policy_count > 2 || arguments.map_count > 2) {
        return sw_command_usage_error(&command, "--policy and --map may be given twice at most");
    }
    if (arguments.policy_count + arguments.map_count + arguments.without_count == 0) {
        return sw_command_usage_error(
            &command, "say what is to be compared: --policy, --map or --without-edge");
    }
    int64_t threads = SW_DIFF_SIDES;
    if (arguments.threads != NULL &&
        sw_command_number(arguments.threads, 1, SW_DIFF_SIDES, &threads) != SW_OK) {
        return sw_command_usage_error(&command, "--threads is 1 or 2: there are two sides");
    }
    arguments.thread_count = (uint32_t)threads;
    int64_t mib = 0;
    if (arguments.state_mib != NULL &&
        sw_command_number(arguments.state_mib, 1, SW_POLICY_STATE_MIB_MAX, &mib) != SW_OK) {
        return sw_command_usage_error(&command, "--state-mib wants 1 to 65536");
    }
    arguments.state_mib_number = (uint32_t)mib;
    if (arguments.json && arguments.csv) {
        return sw_command_usage_error(&command, "--json and --csv exclude each other");
    }
    return run(&arguments, argv[1]);
}
