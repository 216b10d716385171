#!/usr/bin/env bash
# `sharewatch sim`: files, the timeline, and a real broker that is killed while events are under way.
. "$(dirname "$0")/../support/system.sh"
back_door=$SOURCE/scenarios/back-door
subject_a=$SOURCE/scenarios/subject-a
source_name=urn:sharewatch:agency:FLOCK:sim-back-door-1
broker=; subscriber=; sim=
cleanup='kill -9 $broker $subscriber $sim 2>/dev/null; wait 2>/dev/null'

run "$SHAREWATCH" sim "$subject_a" --to -
expect_status 0
[ "$(wc -l <"$WORK/out")" -eq 13 ] || fail "not 13 events"
expect_out '"id":"0000000013-ice-arrest"'
! grep -v '"swsynthetic":true' "$WORK/out" >"$WORK/err" || fail "an event does not say that it is synthetic"
cp "$WORK/out" "$WORK/first"
run "$SHAREWATCH" sim "$subject_a" --to "$WORK/second"
cmp -s "$WORK/first" "$WORK/second" || fail "the same seed gave other bytes"
run "$SHAREWATCH" sim "$subject_a" --to - --seed 2
! cmp -s "$WORK/first" "$WORK/out" || fail "another seed gave the same bytes"

run "$SHAREWATCH" sim "$subject_a" --dry-run --variant transfer
expect_status 0
expect_out "handed-over        custody.transferred  LAPD-JAIL > ERO-LA  PROH/4 custody"
run "$SHAREWATCH" sim "$subject_a" --list
expect_out "--variant transfer-warrant"
run "$SHAREWATCH" sim "$subject_a" --to - --variant tranfser
expect_status 1
expect_err "did you mean transfer?"
for wrong in "" "--to - --broker mqtt://127.0.0.1:1" "--to - --speed fast" "--to - --seed x"; do
    run "$SHAREWATCH" sim "$subject_a" $wrong
    expect_status 2
done
run "$SHAREWATCH" sim "$subject_a" --to /nowhere/file
expect_status 3
run "$SHAREWATCH" sim "$subject_a" --broker "mqtt://127.0.0.1:$(free_port)"
expect_status 3
expect_err "start the broker"

# At 3600 virtual seconds a second the first three hours take three seconds.
(exec timeout -s INT 5 "$SHAREWATCH" sim "$subject_a" --to "$WORK/paced" --speed 3600) && fail "it did not take its time"
[ "$(wc -l <"$WORK/paced")" -eq 9 ] || fail "not 9 events in the first five hours: $(wc -l <"$WORK/paced")"

start_broker
mosquitto_sub -p "$port" -q 1 -t 'sharewatch/v1/event/#' >"$WORK/seen" &
subscriber=$!
wait_for 5 grep -q . "$WORK/seen" || true
run "$SHAREWATCH" sim "$subject_a" --broker "mqtt://127.0.0.1:$port" --no-receipts
expect_status 0
wait_for 5 [ "$(wc -l <"$WORK/seen")" -eq 13 ]
cmp -s "$WORK/first" "$WORK/seen" || fail "the broker was sent other bytes than the file"
kill $subscriber; wait $subscriber 2>/dev/null

# Without receipts the outbox fills up and the simulator waits: 8192 events, and not one more.
receipt() {
    mosquitto_pub -p "$port" -q 1 -r -t "sharewatch/v1/receipt/$source_name" \
        -m "{\"source\":\"$source_name\",\"sequence\":$1}"
}
mosquitto_sub -p "$port" -q 1 -t 'sharewatch/v1/event/#' >"$WORK/seen" &
subscriber=$!
sleep 0.3
"$SHAREWATCH" sim "$back_door" --broker "mqtt://127.0.0.1:$port" 2>"$WORK/err" &
sim=$!
count() { wc -l <"$WORK/seen"; }
has() { [ "$(count)" -ge "$1" ]; }
wait_for 20 has 8192 || fail "only $(count) events came"
sleep 0.5
[ "$(count)" -eq 8192 ] || fail "$(count) events without a receipt"
receipt 1000
wait_for 20 has 9192 || fail "the receipt let nothing go"

# The broker is killed and comes back on its port: what has no receipt is sent again, the same bytes.
kill -9 "$broker"; wait "$broker" 2>/dev/null
start_broker "$port"
kill $subscriber 2>/dev/null; wait $subscriber 2>/dev/null
mosquitto_sub -p "$port" -q 1 -t 'sharewatch/v1/event/#' >"$WORK/again" &
subscriber=$!
again() { [ "$(sort -u "$WORK/again" | wc -l)" -ge "$1" ]; }
receipt 1500
wait_for 30 again 500 || fail "nothing was sent after the broker came back"

# Killed and started again it leaves out what the retained receipt covers.
kill -9 "$sim"; wait "$sim" 2>/dev/null
receipt 362000
kill $subscriber 2>/dev/null; wait $subscriber 2>/dev/null
mosquitto_sub -p "$port" -q 1 -t 'sharewatch/v1/event/#' >"$WORK/rest" &
subscriber=$!
sleep 0.3
"$SHAREWATCH" sim "$back_door" --broker "mqtt://127.0.0.1:$port" --status-fd 3 3>"$WORK/status" 2>"$WORK/err" &
sim=$!
rest() { [ "$(wc -l <"$WORK/rest")" -ge "$1" ]; }
wait_for 20 rest 252 || fail "the rest did not come: $(wc -l <"$WORK/rest")"
receipt 362252
wait "$sim"; status=$?
expect_status 0
expect_err "362000 of 362252 events were in the log already"
[ "$(wc -l <"$WORK/rest")" -eq 252 ] || fail "more than the rest was sent"
grep -q '{"state":"done","events":362252}' "$WORK/status" || fail "status: $(tail -1 "$WORK/status")"
ended=$(mosquitto_sub -p "$port" -C 1 -W 5 -t "sharewatch/v1/status/$source_name")
[ "$ended" = "{\"state\":\"ended\",\"source\":\"$source_name\",\"last\":362252}" ] || fail "ended: $ended"
run "$SHAREWATCH" sim "$back_door" --broker "mqtt://127.0.0.1:$port"
expect_status 0
expect_err "with --instance"

# Ctrl-C ends it cleanly.
"$SHAREWATCH" sim "$back_door" --broker "mqtt://127.0.0.1:$port" --instance other 2>/dev/null &
sim=$!
sleep 1
kill -INT "$sim"; wait "$sim"; status=$?
expect_status 130
