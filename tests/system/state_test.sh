#!/usr/bin/env bash
# Rules over several events go on counting where the monitor stopped: killed, told to read its rules
# anew, or not disturbed at all, the same events give the same findings.
. "$(dirname "$0")/../support/system.sh"
monitor=
broker=
cleanup='[ -z "$monitor" ] || kill -9 $monitor 2>/dev/null; [ -z "$broker" ] || kill -9 $broker 2>/dev/null'
start_broker

mkdir "$WORK/rules"
cat >"$WORK/rules/bulk.yml" <<'END'
title: A plate search
name: a_search
logsource: {product: sharewatch, category: plate}
detection: {s: {action: search}, condition: s}
---
title: One operator searches for three vehicles within an hour
name: bulk_search
correlation:
    type: value_count
    rules: [a_search]
    group-by: [actor.role_tok, actor.agency]
    timespan: 1h
    condition: {field: vehicle_tok, gte: 3}
level: medium
x_policy: {verdict: REVIEW, cite: none}
---
title: A booking
name: a_booking
logsource: {product: sharewatch, category: booking}
detection: {s: {action: booked}, condition: s}
---
title: An arrest by immigration agents
name: an_arrest
logsource: {product: sharewatch, category: custody}
detection: {s: {action: arrested}, condition: s}
---
title: Booked, then arrested by immigration agents
name: booked_then_arrested
correlation: {type: temporal_ordered, rules: [a_booking, an_arrest], group-by: [subject_tok], timespan: 120d}
level: medium
x_policy: {verdict: REVIEW, cite: none}
END

start_monitor() { # LOG
    "$SHAREWATCH" monitor --broker "mqtt://127.0.0.1:$port" --log "$1" --client-id "${1##*/}" \
        --policy "$WORK/rules" --spool-mib 1 2>>"$WORK/monitor.err" &
    monitor=$!
}
# The sharewatch that people type becomes the program that has the verb, so its id stays.
kill_monitor() { kill -9 "$monitor"; wait "$monitor" 2>/dev/null; monitor=; }
stop_monitor() { kill "$monitor"; wait "$monitor" || fail "the monitor ended with $?: $(cat "$WORK/monitor.err")"; monitor=; }

publish() { # KIND ACTION SECONDS DATA
    local time
    time=$(date -u -d "@$((1790000000 + $3))" +%Y-%m-%dT%H:%M:%SZ)
    number=$((number + 1))
    mosquitto_pub -p "$port" -q 1 -t "sharewatch/v1/event/LAPD/$1" -m "{\"specversion\":\"1.0\",
        \"id\":\"e-$number\",\"source\":\"urn:sharewatch:agency:LAPD:test\",
        \"type\":\"org.sharewatch.$1.$2.v1\",\"time\":\"$time\",
        \"sequence\":\"$(printf %020d $number)\",\"data\":{\"actor\":{\"agency\":\"LAPD\"$5},$4}}" ||
        fail "an event could not be published"
}

# Two operators in turn, a vehicle that comes again, a window that runs out, a person booked and
# arrested, one whose arrest comes too late, one who was never booked.
story() { # WHAT-TO-DO-BETWEEN
    local at=0 i
    number=0
    for i in 1 2 3 4 5 6 7 8 9; do
        at=$((at + 400))
        publish plate search $at "\"vehicle_tok\":\"v-$((i % 7))\"" ",\"role_tok\":\"op-$((i % 2))\""
        "$@"
    done
    publish booking booked $at '"subject_tok":"s-1"' ''; "$@"
    publish booking booked $at '"subject_tok":"s-2"' ''; "$@"
    publish custody arrested $((at + 86400 * 119)) '"subject_tok":"s-1"' ''; "$@"
    publish custody arrested $((at + 86400 * 121)) '"subject_tok":"s-2"' ''; "$@"
    publish custody arrested $((at + 86400 * 121)) '"subject_tok":"s-3"' ''
}
ask() { sqlite3 -readonly -cmd ".timeout 5000" "$1" "$2"; }
events() { [ "$(ask "$1" "SELECT count(*) FROM event")" = "$2" ]; }
findings() { # LOG
    ask "$1" "SELECT event.event_id, rule.name, finding.verdict FROM finding
        JOIN rule USING (policy_id, rule) JOIN hop ON hop.id = finding.hop JOIN event ON event.id = hop.event
        ORDER BY event.id, rule.name"
}

# Undisturbed. The monitor subscribes first: then the broker keeps what comes for it.
start_monitor "$WORK/calm.db"
wait_for 30 events "$WORK/calm.db" 0 || fail "there is no log: $(cat "$WORK/monitor.err")"
subscribed() { timeout 5 mosquitto_sub -p "$port" -t sharewatch/v1/status/monitor -C 1 | grep -q online; }
wait_for 60 subscribed || fail "the monitor does not come online: $(cat "$WORK/monitor.err")"
story true
wait_for 60 events "$WORK/calm.db" 14 || fail "not all events came"
stop_monitor
findings "$WORK/calm.db" >"$WORK/expected"
grep -q '^e-5|bulk_search|REVIEW$' "$WORK/expected" || fail "no window fired: $(cat "$WORK/expected")"
grep -q '^e-12|booked_then_arrested|REVIEW$' "$WORK/expected" || fail "no sequence fired"
! grep -q '^e-1[34]|' "$WORK/expected" || fail "a sequence fired that should not"
[ "$(ask "$WORK/calm.db" "SELECT count(*) FROM correlation")" -gt 0 ] || fail "nothing is kept"

# The same events, and the monitor is killed after each: before it has them, or after.
start_monitor "$WORK/killed.db"
wait_for 60 subscribed || fail "the monitor does not come online"
kills=0
disturb() {
    kills=$((kills + 1))
    [ $((kills % 2)) -eq 0 ] || wait_for 60 events "$WORK/killed.db" $number || fail "event $number does not come"
    kill_monitor
    start_monitor "$WORK/killed.db"
}
story disturb
wait_for 60 events "$WORK/killed.db" 14 || fail "not all events came"
stop_monitor
[ "$(ask "$WORK/killed.db" "SELECT count(*) FROM run")" -gt 1 ] || fail "the monitor was never killed"
findings "$WORK/killed.db" >"$WORK/found"
diff "$WORK/expected" "$WORK/found" || fail "kills change what is found"
run "$SHAREWATCH" replay "$WORK/killed.db"
expect_status 0
expect_out "identical"

# The same events, and the rules are read anew after each; one that has nothing to do with it changes.
start_monitor "$WORK/reloaded.db"
wait_for 60 subscribed || fail "the monitor does not come online"
reload() {
    wait_for 60 events "$WORK/reloaded.db" $number || fail "event $number does not come"
    sed "s/A plate read of turn/&/; s/turn [0-9]*/turn $number/" >"$WORK/rules/other.yml" <<'END'
title: A plate read of turn 0
name: other
logsource: {product: sharewatch, category: plate}
detection: {s: {action: read}, condition: s}
END
    kill -HUP "$monitor"
    turns() { [ "$(grep -c 'read anew' "$WORK/monitor.err")" -eq "$number" ]; }
    wait_for 60 turns || fail "the rules are not read anew: $(cat "$WORK/monitor.err")"
}
story reload
wait_for 60 events "$WORK/reloaded.db" 14 || fail "not all events came"
stop_monitor
findings "$WORK/reloaded.db" >"$WORK/found"
diff "$WORK/expected" "$WORK/found" || fail "a reload changes what is found"
run "$SHAREWATCH" replay "$WORK/reloaded.db"
expect_status 0
expect_out "identical"

# A rule that counts something else begins anew, and what the former one counted is forgotten.
sed -i 's/gte: 3/gte: 2/' "$WORK/rules/bulk.yml"
cp "$WORK/calm.db" "$WORK/changed.db"
before=$(ask "$WORK/changed.db" "SELECT count(*) FROM correlation")
start_monitor "$WORK/changed.db"
wait_for 60 subscribed || fail "the monitor does not come online"
fewer() { [ "$(ask "$WORK/changed.db" "SELECT count(*) FROM correlation")" -lt "$before" ]; }
wait_for 30 fewer || fail "what a rule counted that is gone stays in the log"
stop_monitor

# Too many groups for the memory that was allowed: each that is given up too early is a loss.
sed -i 's/gte: 2/gte: 20000/' "$WORK/rules/bulk.yml"
"$SHAREWATCH" monitor --broker "mqtt://127.0.0.1:$port" --log "$WORK/small.db" --client-id small.db \
    --policy "$WORK/rules" --state-mib 1 2>>"$WORK/monitor.err" &
monitor=$!
wait_for 60 subscribed || fail "the monitor does not come online"
number=0
for i in $(seq 70); do
    publish plate search $i "\"vehicle_tok\":\"v-$i\"" ",\"role_tok\":\"op-$i\""
done
wait_for 60 events "$WORK/small.db" 70 || fail "not all events came"
evicted() { [ "$(ask "$WORK/small.db" "SELECT max(total) FROM loss WHERE what = 'correlation_groups_evicted'")" = 6 ]; }
wait_for 60 evicted || fail "evictions are not told: $(ask "$WORK/small.db" "SELECT what, total FROM loss")"
[ "$(ask "$WORK/small.db" "SELECT count(*) FROM correlation")" -eq 64 ] || fail "more is kept than there is room for"
stop_monitor

# What the run says that it lost is what a replay with as much memory loses, to the number.
differs() { # SQL WHAT-IT-SAYS, of the log $lossy
    cp "$lossy" "$WORK/changed.db"
    sqlite3 "$WORK/changed.db" "$1"
    run "$SHAREWATCH" replay "$WORK/changed.db"
    expect_status 1
    expect_out "$2"
}
lossy=$WORK/small.db
sqlite3 "$lossy" "PRAGMA wal_checkpoint(TRUNCATE)" >"$WORK/out"
run "$SHAREWATCH" replay "$lossy"
expect_status 0
expect_out "identical"
differs "UPDATE loss SET total = 5 WHERE what = 'correlation_groups_evicted' AND total = 6" "run 1: correlation_groups_evicted was logged as 5, in the replay it came to 6"
differs "UPDATE loss SET total = 7 WHERE what = 'correlation_groups_evicted' AND total = 6" "was logged as 7, in the replay it came to 6"
differs "DELETE FROM loss WHERE what = 'correlation_groups_evicted'" "was logged as 0, in the replay it came to 6"
differs "INSERT INTO loss SELECT 1000, what, total, ts_logged, run_id FROM loss WHERE total = 6" "does not grow from row to row"
# With other memory it is not compared, and that is said.
run "$SHAREWATCH" replay "$lossy" --state-mib 64
expect_status 0
expect_out "rows of groups that were given up for want of memory"
expect_out "identical"
run "$SHAREWATCH" replay "$lossy" --state-mib 64 --json
expect_status 0
expect_no_out '"losses_not_compared":0'
# Where events are gone nobody can say what they lost: no difference is made of it.
run "$SHAREWATCH" prune "$lossy" --redact 70 --reason "a test"
expect_status 0
run "$SHAREWATCH" replay "$lossy"
expect_status 0
expect_out "rows of losses, in which events that are gone may have a part"
expect_out "identical in all that can be judged again"

# A run that begins with other rules counts its losses anew: here parents that never came.
lossy=$WORK/parents.db
start_monitor "$lossy"
wait_for 60 subscribed || fail "the monitor does not come online"
orphan() { # NUMBER
    mosquitto_pub -p "$port" -q 1 -t "sharewatch/v1/event/LAPD/plate" -m "{\"specversion\":\"1.0\",
        \"id\":\"o-$1\",\"source\":\"urn:sharewatch:agency:LAPD:orphans\",\"swparent\":\"nobody-$1\",
        \"type\":\"org.sharewatch.plate.read.v1\",\"time\":\"2026-09-21T14:00:00Z\",
        \"sequence\":\"$(printf %020d "$1")\",\"swcorrects\":true,\"data\":{\"actor\":{\"agency\":\"LAPD\"}}}"
    wait_for 60 events "$lossy" "$1" || fail "event $1 did not come: $(ask "$lossy" "SELECT reason, field FROM quarantine")"
}
orphan 1; orphan 2
sed -i 's/A plate search/Another plate search/' "$WORK/rules/bulk.yml"
runs_begun() { [ "$(ask "$lossy" "SELECT count(*) FROM run")" = "$1" ]; }
kill -HUP "$monitor"
wait_for 60 runs_begun 2 || fail "the rules are not read anew"
orphan 3
stop_monitor
[ "$(ask "$lossy" "SELECT group_concat(run_id || ':' || total, ' ') FROM (SELECT run_id, max(total) AS total FROM loss WHERE what = 'parents_missing' GROUP BY run_id)")" = "1:2 2:1" ] ||
    fail "the losses of the two runs: $(ask "$lossy" "SELECT run_id, what, total FROM loss")"
run "$SHAREWATCH" replay "$lossy"
expect_status 0
expect_out "identical"
sqlite3 "$lossy" "PRAGMA wal_checkpoint(TRUNCATE)" >"$WORK/out"
differs "DELETE FROM loss WHERE run_id = 2" "run 2: parents_missing was logged as 0, in the replay it came to 1"

# What is found can hang on that memory: the log says how much its run had, and a replay takes as much.
sed -i 's/gte: 20000/gte: 1200/' "$WORK/rules/bulk.yml"
"$SHAREWATCH" monitor --broker "mqtt://127.0.0.1:$port" --log "$WORK/tight.db" --client-id tight.db \
    --policy "$WORK/rules" --state-mib 1 2>>"$WORK/monitor.err" &
monitor=$!
wait_for 60 subscribed || fail "the monitor does not come online"
# One operator's searches, then as many of others that there is no room for the first, then one more.
awk 'BEGIN {
    for (i = 1; i <= 2400; i++) {
        operator = i < 1200 || i == 2400 ? "op" : "op-" i
        printf "{\"specversion\":\"1.0\",\"id\":\"e-%d\",\"source\":\"urn:sharewatch:agency:LAPD:test\",", i
        printf "\"type\":\"org.sharewatch.plate.search.v1\",\"time\":\"2026-09-21T14:00:00Z\",\"sequence\":\"%020d\",", i
        printf "\"data\":{\"actor\":{\"agency\":\"LAPD\",\"role_tok\":\"%s\"},\"vehicle_tok\":\"v-%d\"}}\n", operator, i
    }
}' | mosquitto_pub -p "$port" -q 1 -t sharewatch/v1/event/LAPD/plate -l || fail "events could not be published"
wait_for 120 events "$WORK/tight.db" 2400 || fail "not all events came"
stop_monitor
[ "$(ask "$WORK/tight.db" "SELECT run_id, name, value FROM setting")" = "1|state_mib|1" ] ||
    fail "the log does not say what memory there was"
[ -z "$(findings "$WORK/tight.db" | grep bulk_search)" ] || fail "the operator was not forgotten"
run "$SHAREWATCH" verify "$WORK/tight.db"
expect_status 0
run "$SHAREWATCH" replay "$WORK/tight.db"
expect_status 0
expect_out "identical"
run "$SHAREWATCH" replay "$WORK/tight.db" --state-mib 64
expect_status 1
expect_out "first difference: event 2400"
run "$SHAREWATCH" replay "$WORK/tight.db" --to "$WORK/ample.db" --state-mib 64
expect_status 0
[ "$(ask "$WORK/ample.db" "SELECT value FROM setting")" = 64 ] || fail "the new log does not say what memory there was"
findings "$WORK/ample.db" | grep -q '^e-2400|bulk_search|REVIEW$' || fail "with more memory it is not found"
run "$SHAREWATCH" replay "$WORK/tight.db" --state-mib 0
expect_status 2
# Both sides of a diff have it, too; with more of it another policy has as much to lose.
run "$SHAREWATCH" diff "$WORK/tight.db" --policy ca-state --csv
expect_status 0
grep bulk_search "$WORK/out" && fail "a diff found what the log's run could not"
run "$SHAREWATCH" diff "$WORK/tight.db" --policy ca-state --csv --state-mib 64
expect_status 0
expect_out bulk_search

# The setting is sealed like the rest; a log that was begun before there were settings is whole without.
cp "$WORK/tight.db" "$WORK/other.db"
sqlite3 "$WORK/other.db" "UPDATE setting SET value = 2"
run "$SHAREWATCH" verify "$WORK/other.db"
expect_status 1
expect_out "of \`setting\`"
