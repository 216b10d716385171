#!/usr/bin/env bash
# Every alert of the log reaches who listens to the broker, at least once, whatever the monitor is
# killed at; its id tells what came twice.
. "$(dirname "$0")/../support/system.sh"
monitor=
broker=
listener=
cleanup='for each in $monitor $listener $broker; do kill -9 $each 2>/dev/null; done'
start_broker
LOG=$WORK/log.db
HOPS=12

listen() {
    mosquitto_sub -p "$port" -q 1 -c -i listener -t 'sharewatch/v1/alert/#' >>"$WORK/alerts" &
    listener=$!
}
start_monitor() {
    "$SHAREWATCH" monitor --broker "mqtt://127.0.0.1:$port" --log "$LOG" --spool-mib 1 2>>"$WORK/monitor.err" &
    monitor=$!
}
kill_monitor() { kill -9 "$monitor"; wait "$monitor" 2>/dev/null; monitor=; }
stop_monitor() { kill "$monitor"; wait "$monitor" || fail "the monitor ended with $?: $(cat "$WORK/monitor.err")"; monitor=; }
publish() { # NUMBER: agents are told of a release
    mosquitto_pub -p "$port" -q 1 -t sharewatch/v1/event/LAPD/notice -m "{\"specversion\":\"1.0\",
        \"id\":\"e-$1\",\"source\":\"urn:sharewatch:agency:LAPD:test\",
        \"type\":\"org.sharewatch.notice.sent.v1\",\"time\":\"2026-11-24T10:00:00Z\",
        \"sequence\":\"$(printf %020d "$1")\",\"data\":{\"actor\":{\"agency\":\"LAPD\",\"system\":\"LAPD-JAIL\"},
        \"recipient\":{\"agency\":\"ICE\",\"system\":\"PERC\"},\"data_class\":\"release_time\",
        \"instrument\":\"I-247A\",\"public_already\":false,\"subject_tok\":\"s-$1\"}}" ||
        fail "an event could not be published"
}
ask() { sqlite3 -readonly -cmd ".timeout 5000" "$LOG" "$1"; }
in_log() { [ "$(ask "SELECT count(*) FROM event")" = "$1" ]; }
came() { grep -o '"id":"[0-9]*"' "$WORK/alerts" | sort -u; }
logged() { ask "SELECT '\"id\":\"' || id || '\"' FROM alert" | sort -u; }
all_came() { [ "$(logged)" = "$(came)" ]; }
told() { [ "$(ask "SELECT told - (SELECT max(id) FROM alert) FROM spool")" = 0 ]; }
online() { timeout 5 mosquitto_sub -p "$port" -t sharewatch/v1/status/monitor -C 1 | grep -q online; }

: >"$WORK/alerts"
marks=0
mark() { mosquitto_pub -p "$port" -q 1 -t sharewatch/v1/alert/mark -m "mark-$marks"; }
marked() { mark && grep -q "mark-$marks\$" "$WORK/alerts"; }
# How many alerts came, all that the broker has taken counted.
count_came() {
    marks=$((marks + 1))
    mark
    wait_for 60 grep -q "mark-$marks\$" "$WORK/alerts" || fail "nothing comes any more"
    count=$(grep -c '"id":' "$WORK/alerts")
}
listen
wait_for 60 marked || fail "the listener does not listen"
start_monitor
wait_for 60 online || fail "the monitor does not come online: $(cat "$WORK/monitor.err")"
for i in $(seq $HOPS); do
    publish "$i"
    # Killed before it has it, right after it has it, or while it tells.
    [ $((i % 3)) -eq 0 ] || wait_for 60 in_log "$i" || fail "event $i does not come"
    [ $((i % 2)) -eq 0 ] || { kill_monitor; start_monitor; }
done
wait_for 60 in_log $HOPS || fail "not all events came"
[ "$(ask "SELECT count(*) FROM alert")" -eq $HOPS ] || fail "there are no alerts"
wait_for 60 all_came || fail "logged: $(logged) came: $(came)"

# The log learns what the broker has taken, without any further event; then nothing is told twice.
wait_for 60 told || fail "the log does not know what was told: $(ask "SELECT told FROM spool")"
stop_monitor
count_came
before=$count
start_monitor
wait_for 60 online || fail "the monitor does not come online"
publish $((HOPS + 1))
wait_for 60 all_came || fail "the next alert does not come"
wait_for 60 in_log $((HOPS + 1)) || fail "the next event does not come"
wait_for 60 told || fail "the log does not know what was told"
count_came
[ "$count" -eq $((before + 1)) ] || fail "alerts were told again that had been told"
kill_monitor

# What was committed and not told when the monitor died.
sqlite3 "$LOG" "UPDATE spool SET told = 3"
mv "$WORK/alerts" "$WORK/alerts.1"; kill $listener; wait $listener 2>/dev/null
: >"$WORK/alerts"; listen
start_monitor
told_again() { [ "$(came)" = "$(logged | grep -v -E '"[123]"')" ]; }
wait_for 60 told_again || fail "not told again: $(came)"
stop_monitor
