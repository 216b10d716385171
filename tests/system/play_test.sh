#!/usr/bin/env bash
# `sharewatch replay` plays a log: to the terminal, to a broker where no monitor takes it for new
# events, and into a new log.
. "$(dirname "$0")/../support/system.sh"
export XDG_RUNTIME_DIR=$WORK/runtime; mkdir -p "$XDG_RUNTIME_DIR"
LOG=$WORK/day.db
sql() { sqlite3 -batch "$1" "$2"; }
SCENARIO=subject-a

run "$SHAREWATCH" run "$SOURCE/scenarios/$SCENARIO" --speed max --no-dashboard --log "$LOG"
expect_status 0
events=$(sql "$LOG" "SELECT count(*) FROM event")
alerts=$(sql "$LOG" "SELECT count(*) FROM alert")
[ "$alerts" -gt 0 ] || fail "the scenario told no alert"

# What cannot be asked for.
run "$SHAREWATCH" replay "$LOG" --speed 0
expect_status 2
run "$SHAREWATCH" replay "$LOG" --speed fast
expect_status 2
run "$SHAREWATCH" replay "$LOG" --to "$WORK/new.db" --speed 60
expect_status 2
expect_err "a log is written at once"
[ ! -e "$WORK/new.db" ] || fail "a refused call left a file"

# To the terminal: the lines of `watch`.
run "$SHAREWATCH" watch --log "$LOG" --once --after 0
expect_status 0
cp "$WORK/out" "$WORK/watched"
run "$SHAREWATCH" replay "$LOG" --speed max
expect_status 0
expect_err "$events events played, $alerts alerts told"
cmp -s "$WORK/out" "$WORK/watched" || fail "replay --speed and watch print other lines"
run "$SHAREWATCH" replay "$LOG" --speed max --json
[ "$(grep -c '"schema": *"sharewatch.alert.v1"' "$WORK/out")" = "$alerts" ] || fail "not one JSON object an alert"
run "$SHAREWATCH" replay "$LOG" --speed max --until 2000-01-01
expect_status 0
expect_err "0 alerts told"

# In scaled time: two seconds and more when they are asked for.
span=$(sql "$LOG" "SELECT max(ts_event) - min(ts_event) FROM event")
before=$(date +%s%N)
run "$SHAREWATCH" replay "$LOG" --speed $((span / 2000))
expect_status 0
[ $((($(date +%s%N) - before) / 1000000)) -ge 1900 ] || fail "it was played too fast"

# Ctrl-C ends it at once, in good order.
"$SHAREWATCH" replay "$LOG" --speed 0.001 >"$WORK/out" 2>"$WORK/err" &
player=$!
cleanup="kill $player 2>/dev/null"
sleep 0.5
kill -INT $player
wait $player; status=$?
expect_status 130
expect_err "events played"

# To a broker: no monitor takes them, each is marked.
start_broker
cleanup="kill $broker"
"$SHAREWATCH" monitor --broker "mqtt://127.0.0.1:$port" --log "$WORK/live.db" >"$WORK/monitor.out" 2>"$WORK/monitor.err" &
monitor=$!
cleanup="kill $monitor $broker"
wait_for 60 mosquitto_sub -p "$port" -t sharewatch/v1/status/monitor -C 1 -W 1 || fail "no monitor"
collect() { # FILE: the messages of a replay, from now on
    [ -z "${collector:-}" ] || kill $collector
    : >"$1"
    mosquitto_sub -p "$port" -q 1 -t 'sharewatch/v1/replay/#' -v >"$1" &
    collector=$!
    cleanup="kill $collector $monitor $broker"
    wait_for 30 is_heard "$1" || fail "mosquitto_sub does not listen"
}
is_heard() { mosquitto_pub -p "$port" -t sharewatch/v1/replay/TEST/ready -m ready && [ -s "$1" ]; }
messages() { grep -c '{"swreplay":true,' "$1" || true; }
has_messages() { [ "$(messages "$1")" -ge "$2" ]; }
collect "$WORK/heard"
run "$SHAREWATCH" replay "$LOG" --to "mqtt://127.0.0.1:$port"
expect_status 0
expect_err "$events sent to mqtt://127.0.0.1:$port"
wait_for 60 has_messages "$WORK/heard" "$events" || fail "not every event came"
[ "$(messages "$WORK/heard")" = "$events" ] || fail "more came than events"
grep -qF 'sharewatch/v1/replay/FBI/fingerprint {"swreplay":true,"specversion":"1.0"' "$WORK/heard" || fail "no topic of its own"

# A filter sends less.
matched=$(sql "$LOG" "SELECT count(*) FROM hop WHERE edge = 'E04' AND revision = 0")
collect "$WORK/some"
run "$SHAREWATCH" replay "$LOG" --to "mqtt://127.0.0.1:$port" --edge E04
expect_status 0
expect_err "$matched sent to"
run "$SHAREWATCH" replay "$LOG" --to "mqtt://127.0.0.1:$port" --agency NOBODY
expect_status 0
expect_err " 0 sent to"

# Whoever sends them on to where events go is refused: the mark is no attribute of an event.
mosquitto_pub -p "$port" -q 1 -t sharewatch/v1/event/FBI/fingerprint -m "$(sed -n 's/^[^ ]*FBI.fingerprint //p' "$WORK/heard" | head -1)"
is_refused() { [ "$(sql "$WORK/live.db" "SELECT count(*) FROM quarantine WHERE reason = 'unknown_field'")" = 1 ]; }
wait_for 60 is_refused || fail "a marked event was not refused"
[ "$(sql "$WORK/live.db" "SELECT count(*) FROM event")" = 0 ] || fail "the monitor took events of a replay"

run "$SHAREWATCH" replay "$LOG" --to "mqtt://127.0.0.1:$(free_port)"
expect_status 3

# Into a new log: the same rows, and it says where they are from. Nothing is written over.
run "$SHAREWATCH" replay "$LOG" --to "$WORK/again.db"
expect_status 0
expect_out "$events events of $LOG judged again, $alerts alerts, 0 events refused"
run "$SHAREWATCH" replay "$WORK/again.db"
expect_status 0
expect_out "identical"
for table in event hop finding chain alert; do
    differing=$(sql "$LOG" "ATTACH '$WORK/again.db' AS other; SELECT count(*) FROM (SELECT * FROM main.$table EXCEPT SELECT * FROM other.$table)")
    [ "$differing" = 0 ] || fail "$differing rows of $table are others"
done
[ "$(sql "$WORK/again.db" "SELECT broker FROM run")" = "(replay of day.db)" ] || fail "it passes for a monitor's log"
run "$SHAREWATCH" replay "$LOG" --to "$WORK/again.db"
expect_status 3
expect_err "never written over"

# With a filter the new log has the chosen events alone; it is as whole as any other, and says what it is.
chosen() { # FILE FILTER… : writes $WORK/FILE and looks at it
    local file=$WORK/$1; shift
    run "$SHAREWATCH" replay "$LOG" --to "$file" "$@"
    expect_status 0
    some=$(sql "$file" "SELECT count(*) FROM event")
    expect_out "$some events of $LOG judged again"
    [ "$some" -lt "$events" ] && expect_out "$((events - some)) events were left out by the filter"
    run "$SHAREWATCH" verify "$file"
    expect_status 0
    run "$SHAREWATCH" replay "$file"
    expect_status 0
    expect_out "identical"
}
chosen edge.db --edge E04
[ "$some" = "$(sql "$LOG" "SELECT count(*) FROM event WHERE id IN (SELECT event FROM hop WHERE edge = 'E04' UNION SELECT cause FROM hop WHERE edge = 'E04')")" ] && [ "$some" -gt 0 ] ||
    fail "$some events over E04"
[ "$(sql "$WORK/edge.db" "SELECT broker FROM run")" = "(replay of day.db, only edge E04)" ] || fail "it passes for all of the log"
agency=$(sql "$LOG" "SELECT substr(name, 23, instr(substr(name, 23), ':') - 1) FROM source ORDER BY id LIMIT 1")
chosen agency.db --agency "$agency"
[ "$some" = "$(sql "$LOG" "SELECT count(*) FROM event JOIN source ON source.id = source_id WHERE name LIKE 'urn:sharewatch:agency:$agency:%'")" ] && [ "$some" -gt 0 ] ||
    fail "$some events of $agency"
middle=$(sql "$LOG" "SELECT strftime('%Y-%m-%dT%H:%M:%SZ', (min(ts_event) + max(ts_event)) / 2000, 'unixepoch') FROM event")
chosen early.db --until "$middle"; early=$some
chosen late.db --from "$middle"
[ "$early" -gt 0 ] && [ "$some" -gt 0 ] && [ $((early + some)) -eq "$events" ] || fail "$early events before, $some after"
chain=$(sql "$LOG" "SELECT chain FROM hop WHERE event > 10 ORDER BY id LIMIT 1")
chosen chain.db --chain "$chain" --from 2000-01-01
[ "$(sql "$WORK/chain.db" "SELECT count(DISTINCT chain) FROM hop")" = 1 ] || fail "other chains than $chain"
run "$SHAREWATCH" replay "$LOG" --to "$WORK/nowhere/again.db"
expect_status 3

# By another policy: what diff says of it.
run "$SHAREWATCH" replay "$LOG" --to "$WORK/anew.db" --policy so40-1979
expect_status 0
expect_out "judged anew"
[ "$(sql "$WORK/anew.db" "SELECT name FROM policy")" = so40-1979 ] || fail "not judged by the given packs"
run "$SHAREWATCH" replay "$WORK/anew.db"
expect_status 0
