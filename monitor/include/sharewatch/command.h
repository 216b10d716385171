/**
 * The command line of one verb: its options as a table, read strictly, and its help made from it.
 *
 * `--name VALUE` and `--name=VALUE` are the same; `--` ends the options; a lone `-` is an argument.
 * Options have no short forms and are never guessed: a wrong one is answered with the nearest.
 */
#ifndef SHAREWATCH_COMMAND_H
#define SHAREWATCH_COMMAND_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sharewatch/status.h>

/** How a program ends. */
enum sw_exit {
    SW_EXIT_OK = 0,
    SW_EXIT_NO = 1,          // the answer is no: errors found, expectation failed, nothing matched
    SW_EXIT_USAGE = 2,       // the command line
    SW_EXIT_ENVIRONMENT = 3, // broker, log, file, memory
    SW_EXIT_MET = 4,         // what --exit-on waits for was seen
    SW_EXIT_AGAIN = 75,      // EX_TEMPFAIL: a fresh start is needed and will do
    SW_EXIT_INTERRUPTED = 130, // Ctrl-C
};

/** One option. Exactly one of @flag and @text is set. */
struct sw_option {
    const char *name;  // without the dashes
    const char *value; // what stands for the value in the help: "FILE"; NULL for a flag
    bool *flag;        // set to true when given
    const char **text; // set to the value; the last one given wins
    const char *about; // one line
};

struct sw_command {
    const char *name;      // "run"
    const char *arguments; // as in the help: "SCENARIO"; empty when there are none
    const char *about;     // one line, without the full stop
    const char *details;   // more for the help, ends in a new line; NULL when there is none
    const struct sw_option *options; // [option_count]
    uint32_t option_count;
    uint32_t arguments_min;
    uint32_t arguments_max;
};

/**
 * Reads @argv, whose first item is the verb itself. The arguments that are no options are moved to
 * the front of @argv, from index 1, and counted in @argument_count. SW_STOPPED: `--help` was asked
 * for and has been printed, end with SW_EXIT_OK. SW_INVALID: what is wrong was printed to standard
 * error, end with SW_EXIT_USAGE.
 */
enum sw_status sw_command_parse(const struct sw_command *command, int argc, char **argv,
                                uint32_t *argument_count) SW_MUST_CHECK;

/** Prints the help of @command. */
void sw_command_help(const struct sw_command *command, FILE *stream);

/** Prints `sharewatch VERB: MESSAGE` and where help is, for what only the verb itself can check.
 *  Returns SW_EXIT_USAGE. */
int sw_command_usage_error(const struct sw_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** The whole number in @text within @min and @max, into @number. SW_MALFORMED: it is none. */
enum sw_status sw_command_number(const char *text, int64_t min, int64_t max,
                                 int64_t *number) SW_MUST_CHECK;

#endif
