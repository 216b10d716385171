#!/usr/bin/env bash
# `sharewatch expect`: a real log, made by the real monitor, is compared with what the scenario says.
. "$(dirname "$0")/../support/system.sh"
scenario=$SOURCE/scenarios/subject-a
log=$WORK/log.db
broker=; monitor=
cleanup='kill $monitor 2>/dev/null; kill -9 $broker 2>/dev/null; wait 2>/dev/null'

start_broker
"$SHAREWATCH" monitor --broker "mqtt://127.0.0.1:$port" --log "$log" >"$WORK/monitor" 2>&1 &
monitor=$!
run "$SHAREWATCH" sim "$scenario" --broker "mqtt://127.0.0.1:$port" --variant transfer
expect_status 0
run "$SHAREWATCH" sim "$SOURCE/scenarios/felony-notices" --broker "mqtt://127.0.0.1:$port" --seed 7 --instance again
expect_status 0

run "$SHAREWATCH" expect "$scenario" --log "$log" --variant transfer
expect_status 0
expect_out "subject-a variant transfer: 12 events, all as expected"
# Another scenario's events are in the same log; each finds its own, with the seed and instance it ran with.
run "$SHAREWATCH" expect "$SOURCE/scenarios/felony-notices" --log "$log" --seed 7 --instance again
expect_status 0
expect_out "felony-notices variant a: 16 events, all as expected"

# A step that came out otherwise is named, with its line in the scenario.
mkdir "$WORK/changed"
sed '/step: handed-over/,/expect:/s/verdict: PROH, level: custody/verdict: DISC, level: informed/' \
    "$scenario/scenario.yaml" >"$WORK/changed/scenario.yaml"
run "$SHAREWATCH" expect "$WORK/changed" --log "$log" --variant transfer
expect_status 1
expect_out "subject-a variant transfer: handed-over: verdict DISC expected, PROH found; level informed expected, custody found"
expect_out "subject-a variant transfer: 1 differences in 12 events"
line=$(sed -n 's/.*scenario.yaml:\([0-9]*\): subject-a.*/\1/p' "$WORK/out")
sed -n "${line}p" "$WORK/changed/scenario.yaml" | grep -q "verdict: DISC, level: informed" ||
    fail "line $line is not where the expectation stands"

# Duties too, and chains.
sed 's/duties: \[SERVE_COPY, PUBLIC_RECORD\]/duties: [SERVE_COPY]/; s/{level: custody, verdicts: \[AUTO, FED, PROH\]}/{level: informed}/' \
    "$scenario/scenario.yaml" >"$WORK/changed/scenario.yaml"
run "$SHAREWATCH" expect "$WORK/changed" --log "$log" --variant transfer
expect_status 1
expect_out "detainer: duties SERVE_COPY expected, SERVE_COPY,PUBLIC_RECORD found"
expect_out "subject-a: level of the chain informed expected, custody found"

# What did not run is said, not guessed.
run "$SHAREWATCH" expect "$scenario" --log "$log" --variant notify
expect_status 1
expect_out "none of its events are in this log"
run "$SHAREWATCH" expect "$scenario" --log "$WORK/no.db"
expect_status 3
run "$SHAREWATCH" expect "$scenario"
expect_status 2
