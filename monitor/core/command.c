#include <sharewatch/command.h>

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <sharewatch/assert.h>
#include <sharewatch/diagnostic.h>
#include <sharewatch/text.h>

#define HINT_BYTES  96
#define LABEL_BYTES 64
#define LABEL_WIDTH 24 // columns of the help before the explanations

static void print_option(const char *name, const char *value, const char *about, FILE *stream)
{
    char label[LABEL_BYTES];
    (void)snprintf(label, sizeof(label), "--%s%s%s", name, value != NULL ? " " : "",
                   value != NULL ? value : "");
    int columns = 0; // characters, not bytes
    for (const char *byte = label; *byte != '\0'; byte++) {
        columns += ((unsigned char)*byte & 0xC0U) != 0x80U;
    }
    if (columns > LABEL_WIDTH) {
        (void)fprintf(stream, "  %s\n  %-*s  %s\n", label, LABEL_WIDTH, "", about);
    } else {
        (void)fprintf(stream, "  %s%*s  %s\n", label, LABEL_WIDTH - columns, "", about);
    }
}

void sw_command_help(const struct sw_command *command, FILE *stream)
{
    (void)fprintf(stream, "Usage: sharewatch %s%s%s [OPTIONS]\n\n%s.\n", command->name,
                  command->arguments[0] != '\0' ? " " : "", command->arguments, command->about);
    if (command->details != NULL) {
        (void)fprintf(stream, "\n%s", command->details);
    }
    (void)fprintf(stream, "\nOptions:\n");
    for (uint32_t i = 0; i < command->option_count; i++) {
        const struct sw_option *option = &command->options[i];
        print_option(option->name, option->value, option->about, stream);
    }
    print_option("help", NULL, "this text", stream);
}

__attribute__((format(printf, 2, 0))) static void print_error(const struct sw_command *command,
                                                              const char *format, va_list arguments)
{
    (void)fprintf(stderr, "sharewatch %s: ", command->name);
    (void)vfprintf(stderr, format, arguments);
    (void)fprintf(stderr, "\n  see: sharewatch %s --help\n", command->name);
}

int sw_command_usage_error(const struct sw_command *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_error(command, format, arguments);
    va_end(arguments);
    return SW_EXIT_USAGE;
}

static const struct sw_option *find(const struct sw_command *command, struct sw_text name)
{
    for (uint32_t i = 0; i < command->option_count; i++) {
        if (sw_text_equal(sw_text_from(command->options[i].name), name)) {
            return &command->options[i];
        }
    }
    return NULL;
}

static void report_unknown(const struct sw_command *command, struct sw_text name)
{
    struct sw_suggestion suggestion;
    sw_suggestion_init(&suggestion, name);
    for (uint32_t i = 0; i < command->option_count; i++) {
        sw_suggestion_offer(&suggestion, sw_text_from(command->options[i].name));
    }
    sw_suggestion_offer(&suggestion, SW_TEXT("help"));
    char hint[HINT_BYTES];
    const char *found = sw_suggestion_hint(&suggestion, hint, sizeof(hint));
    (void)sw_command_usage_error(command, "there is no option --%.*s%s%s", SW_TEXT_FORMAT(name),
                                 found != NULL ? "; " : "", found != NULL ? found : "");
}

/* Reads the option at argv[*index], and its value from there or from the next item. */
static enum sw_status read_option(const struct sw_command *command, int argc, char **argv,
                                  int *index)
{
    const char *given = argv[*index] + 2;
    const char *equals = strchr(given, '=');
    struct sw_text name = sw_text_from(given);
    if (equals != NULL) {
        name.length = (uint32_t)(equals - given);
    }
    if (sw_text_equal(name, SW_TEXT("help"))) {
        sw_command_help(command, stdout);
        return SW_STOPPED;
    }
    const struct sw_option *option = find(command, name);
    if (option == NULL) {
        report_unknown(command, name);
        return SW_INVALID;
    }
    SW_ASSERT((option->flag == NULL) != (option->text == NULL));
    if (option->flag != NULL) {
        if (equals != NULL) {
            (void)sw_command_usage_error(command, "--%s takes no value", option->name);
            return SW_INVALID;
        }
        *option->flag = true;
        return SW_OK;
    }
    if (equals == NULL && *index + 1 >= argc) {
        (void)sw_command_usage_error(command, "--%s wants a value: --%s %s", option->name,
                                     option->name, option->value);
        return SW_INVALID;
    }
    *option->text = equals != NULL ? equals + 1 : argv[++*index];
    return SW_OK;
}

static enum sw_status check_count(const struct sw_command *command, uint32_t count, char **argv)
{
    if (count < command->arguments_min) {
        (void)sw_command_usage_error(command, "%s is missing", command->arguments);
        return SW_INVALID;
    }
    if (count > command->arguments_max) {
        (void)sw_command_usage_error(command, "'%s' is one argument too many",
                                     argv[command->arguments_max + 1]);
        return SW_INVALID;
    }
    return SW_OK;
}

enum sw_status sw_command_parse(const struct sw_command *command, int argc, char **argv,
                                uint32_t *argument_count)
{
    SW_ASSERT(argc >= 1);
    uint32_t count = 0;
    bool options_ended = false;
    for (int index = 1; index < argc; index++) {
        char *item = argv[index];
        if (!options_ended && strcmp(item, "--") == 0) {
            options_ended = true;
        } else if (!options_ended && strncmp(item, "--", 2) == 0) {
            enum sw_status status = read_option(command, argc, argv, &index);
            if (status != SW_OK) {
                return status;
            }
        } else if (!options_ended && item[0] == '-' && item[1] != '\0') {
            (void)sw_command_usage_error(command, "there is no option %s; options begin with --",
                                         item);
            return SW_INVALID;
        } else {
            argv[++count] = item;
        }
    }
    *argument_count = count;
    return check_count(command, count, argv);
}

enum sw_status sw_command_number(const char *text, int64_t min, int64_t max, int64_t *number)
{
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || value < min || value > max) {
        return SW_MALFORMED;
    }
    *number = value;
    return SW_OK;
}
