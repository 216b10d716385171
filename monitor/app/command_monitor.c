/* sharewatch monitor: reads map and policy, then hands over to the monitor's loop. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sharewatch/command.h>
#include <sharewatch/data.h>
#include <sharewatch/map.h>
#include <sharewatch/mqtt.h>
#include <sharewatch/policy.h>

#include "monitor.h"
#include "verbs.h"

#define MAP_DEFAULT    "maps/los-angeles.yaml"
#define POLICY_DEFAULT "ca-state,la-city-2024"
#define PACKS_MAX      32
#define MAP_BYTES_MAX  (16L << 20)

struct arguments {
    struct sw_mqtt_options mqtt;
    const char *log;
    const char *map;
    const char *policy;
    const char *spool;
    const char *spool_mib;
    const char *status_fd;
};

/* Map and policy as they are in use; replaced as one by a reload. */
struct knowledge {
    struct sw_map map;
    char *map_content;
    struct sw_policy *policy;
    struct sw_scratch *scratch;
};

static struct arguments arguments;
static struct knowledge knowledge;
static struct sw_mqtt mqtt;
static struct sw_monitor monitor;

static const struct sw_option options[] = {
    SW_MQTT_OPTION_ROWS(arguments.mqtt),
    {"log", "FILE", NULL, &arguments.log, "the log to write, made when it is not there"},
    {"map", "FILE", NULL, &arguments.map, "sharing map (default: Los Angeles)"},
    {"policy", "PACK[,PACK…]|DIR", NULL, &arguments.policy,
     "packs of rules (default: " POLICY_DEFAULT ")"},
    {"spool", "FILE", NULL, &arguments.spool, "packets on their way (default: LOG.spool)"},
    {"spool-mib", "N", NULL, &arguments.spool_mib,
     "size of a new spool, a power of two (default: 8)"},
    {"status-fd", "N", NULL, &arguments.status_fd, "write progress as JSON lines to descriptor N"},
};

static const struct sw_command command = {
    .name = "monitor",
    .arguments = "--broker URL --log FILE",
    .about = "judge the events of a broker as they come, and log them",
    .details =
        "Ends on Ctrl-C or SIGTERM when all it has taken is in the log; a second one ends at\n"
        "once. SIGHUP reads map and policy anew.\n",
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
};

/* ---- map and policy ---- */

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "re");
    char *content = NULL;
    if (file == NULL) {
        return NULL;
    }
    long bytes = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (bytes >= 0 && bytes <= MAP_BYTES_MAX && fseek(file, 0, SEEK_SET) == 0) {
        content = calloc(1, (size_t)bytes + 1);
    }
    if (content != NULL && fread(content, 1, (size_t)bytes, file) != (size_t)bytes) {
        free(content);
        content = NULL;
    }
    (void)fclose(file);
    return content;
}

static void forget(struct knowledge *known)
{
    sw_scratch_close(known->scratch);
    sw_policy_close(known->policy);
    sw_map_free(&known->map);
    free(known->map_content);
    *known = (struct knowledge){0};
}

static bool load_map(struct knowledge *known, struct sw_report *report)
{
    char found[SW_PATH_BYTES];
    const char *path = arguments.map;
    if (path == NULL) {
        if (sw_data_path(MAP_DEFAULT, found) != SW_OK) {
            (void)fprintf(stderr,
                          "sharewatch monitor: the sharing map is not at %s; give one with "
                          "--map, or set SHAREWATCH_DATA\n",
                          found);
            return false;
        }
        path = found;
    }
    known->map_content = read_file(path);
    if (known->map_content == NULL) {
        (void)fprintf(stderr, "sharewatch monitor: the map %s cannot be read\n", path);
        return false;
    }
    return sw_map_open(&known->map, path, report) == SW_OK;
}

/* A pack is a folder among our data, or any path. */
static bool find_pack(const char *name, char path[SW_PATH_BYTES])
{
    char relative[SW_PATH_BYTES];
    (void)snprintf(relative, sizeof(relative), "policies/%s", name);
    if (strchr(name, '/') == NULL && sw_data_path(relative, path) == SW_OK) {
        return true;
    }
    (void)snprintf(path, SW_PATH_BYTES, "%s", name);
    if (access(path, R_OK) == 0) {
        return true;
    }
    (void)fprintf(stderr, "sharewatch monitor: there is no policy pack or path '%s'\n", name);
    return false;
}

static bool load_policy(struct knowledge *known, struct sw_report *report)
{
    static char paths[PACKS_MAX][SW_PATH_BYTES];
    const char *list[PACKS_MAX];
    char names[SW_PATH_BYTES * 2];
    uint32_t count = 0;
    char *rest = NULL;
    int length = snprintf(names, sizeof(names), "%s",
                          arguments.policy != NULL ? arguments.policy : POLICY_DEFAULT);
    if (length >= (int)sizeof(names)) {
        (void)fprintf(stderr, "sharewatch monitor: the list of packs is too long\n");
        return false;
    }
    for (char *name = strtok_r(names, ",", &rest); name != NULL && count < PACKS_MAX;
         name = strtok_r(NULL, ",", &rest)) {
        if (!find_pack(name, paths[count])) {
            return false;
        }
        list[count] = paths[count];
        count++;
    }
    const struct sw_policy_options plain = {0};
    if (sw_policy_open(&known->policy, list, count, &plain, report) != SW_OK) {
        return false;
    }
    known->scratch = sw_scratch_open(known->policy);
    return true;
}

static bool load(struct knowledge *known)
{
    struct sw_report report = {0};
    *known = (struct knowledge){0};
    bool loaded = load_map(known, &report) && load_policy(known, &report) &&
                  sw_policy_overlay(known->policy, &known->map, &report) == SW_OK;
    sw_report_print(&report, stderr);
    sw_report_free(&report);
    if (!loaded) {
        forget(known);
    }
    return loaded;
}

static void fill_run(struct sw_log_run *run, const struct knowledge *known)
{
    run->version = SW_VERSION;
    run->broker = mqtt.shown;
    run->map = &known->map;
    run->map_content = sw_text_from(known->map_content);
    run->policy_name = sw_policy_name(known->policy);
    memcpy(run->policy_digest, sw_policy_digest(known->policy), sizeof(run->policy_digest));
    run->policy_content = sw_policy_content(known->policy);
    run->rules = sw_policy_rule_list(known->policy, &run->rule_count);
}

/* The former map and policy are still in use while the loop commits, so they are kept until the
 * next reload. */
static bool reload(void *context, struct sw_log_run *run, struct sw_rules *rules)
{
    static struct knowledge former;
    struct knowledge fresh;
    (void)context;
    if (!load(&fresh)) {
        return false;
    }
    forget(&former);
    former = knowledge;
    knowledge = fresh;
    fill_run(run, &knowledge);
    *rules = sw_policy_rules(knowledge.policy, knowledge.scratch);
    return true;
}

/* ---- the command line ---- */

static int read_numbers(struct sw_monitor_config *config)
{
    int64_t number = 0;
    config->status_descriptor = -1;
    config->spool_bytes = SW_SPOOL_BYTES;
    if (arguments.status_fd != NULL) {
        if (sw_command_number(arguments.status_fd, 0, INT_MAX, &number) != SW_OK) {
            return sw_command_usage_error(&command, "--status-fd wants the number of a descriptor");
        }
        config->status_descriptor = (int)number;
    }
    if (arguments.spool_mib != NULL) {
        if (sw_command_number(arguments.spool_mib, 1, 1024, &number) != SW_OK ||
            (number & (number - 1)) != 0) {
            return sw_command_usage_error(&command, "--spool-mib wants 1, 2, 4 … 1024");
        }
        config->spool_bytes = (uint64_t)number << 20;
    }
    return SW_EXIT_OK;
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int run_monitor(struct sw_monitor_config *config)
{
    char spool[SW_LOG_PATH_BYTES];
    if (!load(&knowledge)) {
        return SW_EXIT_ENVIRONMENT;
    }
    (void)snprintf(spool, sizeof(spool), "%s.spool", arguments.log);
    config->mqtt = &mqtt;
    config->client_id =
        arguments.mqtt.client_id != NULL ? arguments.mqtt.client_id : SW_INBOX_CLIENT_ID;
    config->log_path = arguments.log;
    config->spool_path = arguments.spool != NULL ? arguments.spool : spool;
    config->rules = sw_policy_rules(knowledge.policy, knowledge.scratch);
    config->reload = reload;
    fill_run(&config->run, &knowledge);
    config->run.started_ms = now_ms();
    int code = sw_monitor_run(&monitor, config);
    forget(&knowledge);
    return code;
}

int sw_command_monitor(int argc, char **argv)
{
    static struct sw_monitor_config config;
    char sentence[SW_MQTT_SENTENCE_BYTES];
    uint32_t count = 0;
    enum sw_status status = sw_command_parse(&command, argc, argv, &count);
    if (status != SW_OK) {
        return status == SW_STOPPED ? SW_EXIT_OK : SW_EXIT_USAGE;
    }
    if (arguments.log == NULL) {
        return sw_command_usage_error(&command, "--log is missing: the file to write");
    }
    if (strlen(arguments.log) + sizeof(".spool") > SW_LOG_PATH_BYTES) {
        return sw_command_usage_error(&command, "the path of the log is too long");
    }
    int code = read_numbers(&config);
    if (code != SW_EXIT_OK) {
        return code;
    }
    if (sw_mqtt_init(&mqtt, &arguments.mqtt, sentence) != SW_OK) {
        return sw_command_usage_error(&command, "%s", sentence);
    }
    return run_monitor(&config);
}
