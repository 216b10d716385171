#!/usr/bin/env bash
# `sharewatch watch` on a log that another process writes, and on a real broker.
. "$(dirname "$0")/../support/system.sh"
log=$WORK/watched.db
broker=

# add ID VERDICT LEVEL TIME: writes an alert as the monitor would.
add() {
    sqlite3 "$log" "PRAGMA busy_timeout = 5000; INSERT INTO alert VALUES ($1, 1, 'subject:t$1', 'E04',
        'rule-$1', 'Law $1', $3, '$2', '', 'Title $1', 'Sentence.', 'LAPD jail › NGI › IDENT',
        $(date -u -d "$4" +%s)000, $(date -u -d "$4" +%s)000, 0, 1, 1);" >/dev/null
}
sqlite3 "$log" <"$SOURCE/monitor/log/schema.sql"
sqlite3 "$log" 'PRAGMA journal_mode = WAL; PRAGMA application_id = 0x73777431; PRAGMA user_version = 2;' \
    >/dev/null

run "$SHAREWATCH" watch --log "$log" --once
expect_status 1

add 1 AUTO 1 2026-11-24T10:00:00Z
add 2 AUTO 2 2026-11-24T10:00:01Z
add 3 PROH 3 2026-11-25T10:00:00Z
add 4 REVIEW 3 2026-11-26T10:00:00Z

run "$SHAREWATCH" watch --log "$log" --once
expect_status 0
[ "$(wc -l <"$WORK/out")" -eq 4 ] || fail "not one plain line an alert"
expect_out "2026-11-25T10:00:00Z  PROH    3 informed  Title 3  |  LAPD jail › NGI › IDENT  |  Law 3  |  alert 3 (synthetic)"
expect_err "go on with --after 4"
! grep -q "$(printf '\033')" "$WORK/out" || fail "cursor codes in a pipe"

ids() {
    run "$SHAREWATCH" watch --log "$log" --once --json "$@"
    sed -n 's/.*"id":"\([0-9]*\)".*/\1/p' "$WORK/out" | tr '\n' ' '
}
[ "$(ids --verdict PROH,REVIEW)" = "3 4 " ] || fail "--verdict"
[ "$(ids --level 2-)" = "2 3 4 " ] || fail "--level 2-"
[ "$(ids --level 1-2)" = "1 2 " ] || fail "--level 1-2"
[ "$(ids --level 1)" = "1 " ] || fail "--level 1"
[ "$(ids --after 2)" = "3 4 " ] || fail "--after"
[ "$(ids --since 3)" = "3 4 " ] || fail "--since ID"
[ "$(ids --since 2026-11-25)" = "3 4 " ] || fail "--since TIME"
[ "$(ids --until 2026-11-25)" = "1 2 " ] || fail "--until TIME"
[ "$(ids --limit 2)" = "1 2 " ] || fail "--limit"
run "$SHAREWATCH" watch --log "$log" --once --json --limit 1
grep -q '^{"schema":"sharewatch.alert.v1",' "$WORK/out" || fail "schema does not come first"

run "$SHAREWATCH" watch --log "$log" --once --exit-on PROH
expect_status 4
expect_no_out "alert 4"

run "$SHAREWATCH" watch --log "$log" --once --color always
grep -q "$(printf '\033')" "$WORK/out" || [ "$status" -eq 0 ] || fail "--color always"

for wrong in "--verdict BAD" "--level 7" "--level 3-1" "--since yesterday" "--limit 0" "--color blue"; do
    run "$SHAREWATCH" watch --log "$log" --once $wrong
    expect_status 2
done
run "$SHAREWATCH" watch
expect_status 2
run "$SHAREWATCH" watch --once --broker mqtt://127.0.0.1:1
expect_status 2
run "$SHAREWATCH" watch --log "$WORK/none.db" --once
expect_status 3
expect_err "$WORK/none.db"
echo "no database" >"$WORK/text.db"
run "$SHAREWATCH" watch --log "$WORK/text.db" --once
expect_status 3

# A reader that has had enough ends it quietly, also when nothing more comes.
"$SHAREWATCH" watch --log "$log" --since 1 2>"$WORK/err" | head -n 1 >"$WORK/out"
expect_out "alert 1"
[ "$(wc -l <"$WORK/err")" -eq 1 ] || fail "not quietly"

# Live: an alert that comes later is shown, and Ctrl-C ends it.
"$SHAREWATCH" watch --log "$log" >"$WORK/out" 2>"$WORK/err" &
watcher=$!
cleanup='kill $watcher $broker 2>/dev/null'
wait_for 5 grep -q "alert 4" "$WORK/out" || fail "the last alerts are not shown at the start"
add 6 PROH 4 2026-11-28T10:00:00Z
wait_for 3 grep -q "alert 6" "$WORK/out" || fail "a new alert is not shown"
kill -INT $watcher
wait $watcher
status=$?
expect_status 130

# On a terminal: two lines an alert, color, and a line at the bottom that is written over.
TERM=xterm script -qec "stty cols 120; '$SHAREWATCH' watch --log '$log' --limit 1 --since 3" "$WORK/tty" \
    >/dev/null </dev/null
cp "$WORK/tty" "$WORK/out"
expect_out "◆ PROHIBITED"
expect_out "▮▮▮▯ informed  Title 3"
expect_out "          "
grep -q "$(printf '\033')\[1;31m" "$WORK/out" || fail "no color on a terminal"
TERM=xterm NO_COLOR=1 script -qec "'$SHAREWATCH' watch --log '$log' --limit 1 --since 3" "$WORK/tty" \
    >/dev/null </dev/null
! grep -q "$(printf '\033')\[1;31m" "$WORK/tty" || fail "color in spite of NO_COLOR"

# The line at the bottom: by which policy, and whether anything vouches for the log.
sqlite3 "$log" "INSERT INTO map VALUES (1, 'm', '1', x'00', '');
    INSERT INTO policy VALUES (1, 'pack-of-the-test', x'00', '');
    INSERT INTO run VALUES (1, 1, NULL, '0', 'b', 1, 1);"
TERM=xterm script -qefc "stty cols 200; '$SHAREWATCH' watch --log '$log'" "$WORK/tty" >/dev/null </dev/null &
watcher=$!
wait_for 30 grep -q "policy pack-of-the-test · not sealed" "$WORK/tty" || fail "the footer lacks the policy"
sqlite3 "$log" "INSERT INTO entry VALUES (0, x'00', x''), (1, x'00', x'');"
wait_for 30 grep -q "policy pack-of-the-test · sealed, not signed" "$WORK/tty" || fail "the footer lacks the seal"
sqlite3 "$log" "INSERT INTO checkpoint VALUES (1, 1, 1, '');"
wait_for 30 grep -q "signed 1 of 2" "$WORK/tty" || fail "the footer lacks what is signed"
kill $watcher
wait $watcher 2>/dev/null

# From a broker: what the monitor publishes. A broken message does no harm.
start_broker
"$SHAREWATCH" watch --broker "mqtt://127.0.0.1:$port" --exit-on PROH >"$WORK/out" 2>"$WORK/err" &
watcher=$!
wait_for 5 grep -q "connected to" "$WORK/err" || fail "not connected"
publish() { mosquitto_pub -p "$port" -q 1 -t "$1" -m "$2"; }
publish sharewatch/v1/alert/PROH/x '{"broken":'
publish sharewatch/v1/alert/AUTO/x \
    '{"id":"7","time":"2026-11-24T10:00:00Z","verdict":"AUTO","level":2,"title":"From afar"}'
wait_for 5 grep -q "From afar" "$WORK/out" || fail "an alert from the broker is not shown"

# The broker goes and comes back: both are told, and alerts go on.
kill -KILL $broker; wait $broker 2>/dev/null
wait_for 5 grep -q "lost mqtt://" "$WORK/err" || fail "the lost link is not told"
start_broker "$port"
wait_for 15 sh -c "[ \$(grep -c 'connected to' '$WORK/err') -eq 2 ]" || fail "not connected again"
wait_for 5 sh -c "mosquitto_pub -p $port -q 1 -t sharewatch/v1/alert/PROH/x -m \
    '{\"id\":\"8\",\"time\":\"2026-11-24T10:00:00Z\",\"verdict\":\"PROH\",\"level\":3}'"
wait $watcher
status=$?
expect_status 4
