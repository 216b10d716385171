/* sharewatch monitor: reads map and policy, then hands over to the monitor's loop. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <sharewatch/command.h>
#include <sharewatch/mqtt.h>
#include <sharewatch/now.h>

#include "knowledge.h"
#include "monitor.h"
#include "verbs.h"

struct arguments {
    struct sw_mqtt_options mqtt;
    const char *log;
    const char *map;
    const char *policy;
    const char *spool;
    const char *spool_mib;
    const char *key_dir;
    const char *signer_timeout;
    const char *witness;
    const char *state_mib;
    const char *status_fd;
};

static struct arguments arguments;
static struct sw_knowledge knowledge; // replaced as one by a reload
static struct sw_mqtt mqtt;
static struct sw_monitor monitor;
static uint32_t state_mib; // 0: the default

static const struct sw_option options[] = {
    SW_MQTT_OPTION_ROWS(arguments.mqtt),
    {"log", "FILE", NULL, &arguments.log, "the log to write, made when it is not there"},
    {"map", "FILE", NULL, &arguments.map, "sharing map (default: Los Angeles)"},
    {"policy", "PACK[,PACK…]|DIR", NULL, &arguments.policy,
     "packs of rules (default: " SW_POLICY_DEFAULT ")"},
    {"spool", "FILE", NULL, &arguments.spool, "packets on their way (default: LOG.spool)"},
    {"spool-mib", "N", NULL, &arguments.spool_mib,
     "size of a new spool, a power of two (default: 4)"},
    {"state-mib", "N", NULL, &arguments.state_mib,
     "memory for what rules over many events count (default: 256)"},
    {"key-dir", "DIR", NULL, &arguments.key_dir,
     "folder of the key that signs the log (default: the state folder of the user)"},
    {"signer-timeout", "SECONDS", NULL, &arguments.signer_timeout,
     "end a signer that does not answer for so long, start another (default: 60)"},
    {"witness", "FILE", NULL, &arguments.witness, "append a copy of each signed head to FILE"},
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

static void fill_run(struct sw_log_run *run, const struct sw_knowledge *known)
{
    sw_knowledge_fill_run(known, run);
    run->broker = mqtt.shown;
}

/* The former map and policy are still in use while the loop commits, so they are kept until the
 * next reload. */
static bool reload(void *context, struct sw_log_run *run, struct sw_rules *rules,
                   struct sw_scratch **scratch)
{
    static struct sw_knowledge former;
    struct sw_knowledge fresh;
    (void)context;
    fresh = (struct sw_knowledge){.state_mib = state_mib};
    if (!sw_knowledge_load(&fresh, "monitor", arguments.map, arguments.policy)) {
        return false;
    }
    sw_knowledge_close(&former);
    former = knowledge;
    knowledge = fresh;
    fill_run(run, &knowledge);
    *scratch = knowledge.scratch; // its state comes from the log, as after a restart
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
    if (arguments.signer_timeout != NULL) {
        if (sw_command_number(arguments.signer_timeout, 1, 3600, &number) != SW_OK) {
            return sw_command_usage_error(&command, "--signer-timeout wants 1 to 3600");
        }
        config->signer_ms = number * 1000;
    }
    if (arguments.state_mib != NULL) {
        if (sw_command_number(arguments.state_mib, 1, SW_POLICY_STATE_MIB_MAX, &number) != SW_OK) {
            return sw_command_usage_error(&command, "--state-mib wants 1 to 65536");
        }
        state_mib = (uint32_t)number;
    }
    return SW_EXIT_OK;
}

static int run_monitor(struct sw_monitor_config *config)
{
    char spool[SW_LOG_PATH_BYTES];
    knowledge.state_mib = state_mib;
    if (!sw_knowledge_load(&knowledge, "monitor", arguments.map, arguments.policy)) {
        return SW_EXIT_ENVIRONMENT;
    }
    (void)snprintf(spool, sizeof(spool), "%s.spool", arguments.log);
    config->mqtt = &mqtt;
    config->client_id =
        arguments.mqtt.client_id != NULL ? arguments.mqtt.client_id : SW_INBOX_CLIENT_ID;
    config->log_path = arguments.log;
    config->spool_path = arguments.spool != NULL ? arguments.spool : spool;
    config->key_folder = arguments.key_dir;
    config->witness_path = arguments.witness;
    config->rules = sw_policy_rules(knowledge.policy, knowledge.scratch);
    config->scratch = knowledge.scratch;
    config->reload = reload;
    fill_run(&config->run, &knowledge);
    config->run.started_ms = sw_now_ms();
    int code = sw_monitor_run(&monitor, config);
    sw_knowledge_close(&knowledge);
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
