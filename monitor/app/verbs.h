/**
 * The verbs of sharewatch-monitor, in the order of the help. A new verb is a line here and a file
 * command_VERB.c with `int sw_command_VERB(int argc, char **argv)`, whose argv[0] is the verb.
 */
#ifndef SHAREWATCH_VERBS_H
#define SHAREWATCH_VERBS_H

// X(verb, arguments, what it does)
#define SW_MONITOR_VERBS(X)                                                                        \
    X(run, "SCENARIO", "run a scenario end to end, and judge its events live")                     \
    X(monitor, "--broker URL --log FILE",                                                          \
      "judge the events of a broker as they come, and log them")                                   \
    X(watch, "--log FILE", "show alerts as they come, from a log or a broker")                     \
    X(match, "--rules DIR --events FILE", "run rules over JSON lines, print the ids that match")   \
    X(explain, "RULE EVENT", "show why a rule matches an event, or does not")                      \
    X(import, "flock FILE.csv…", "read audit files of plate searches into a log, and report")      \
    X(replay, "LOG", "judge a log's events again, and compare with what was logged")               \
    X(diff, "LOG --policy PACK", "show what another policy or map would have changed")             \
    X(verify, "LOG", "prove that a log is whole, or name the first place that is not")             \
    X(report, "LOG", "the counts that laws and directives ask for")                                \
    X(evidence, "LOG ALERT", "one alert as a file that can be read without sharewatch")            \
    X(prove, "LOG ALERT", "write one alert as a proof that can be checked without the log")        \
    X(prune, "LOG", "delete what was kept long enough, and keep the proofs")                       \
    X(keys, "create|show|rotate|accept",                                                           \
      "make, show or replace the keys of tokens and signatures")                                   \
    X(switches, "LOG", "the smallest sets of edges that would have cut every path taken")          \
    X(check, "FILE|DIR…", "find the mistakes in maps, policy packs and scenarios")                 \
    X(ways, "[MAP]", "show by which ways data reaches an immigration component by itself")         \
    X(sweep, "SCENARIO --seeds N",                                                                 \
      "run a scenario many times, and say how far the answers spread")                             \
    X(expect, "SCENARIO --log FILE", "compare a log with what a scenario expects")

// Verbs of the other programs: X(verb, program, arguments, what it does)
#define SW_OTHER_VERBS(X)                                                                          \
    X(sim, "sharewatch-sim", "SCENARIO", "send the events of a scenario to a broker")              \
    X(dashboard, "sharewatch-dashboard", "--log FILE", "show a log in the browser")

#define SW_VERB_DECLARE(verb, arguments, about) int sw_command_##verb(int argc, char **argv);
SW_MONITOR_VERBS(SW_VERB_DECLARE)
#undef SW_VERB_DECLARE

#endif
