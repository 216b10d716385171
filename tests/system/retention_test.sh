#!/usr/bin/env bash
# A log of which payloads were deleted on purpose: whoever reads it says so, judges what is left, and
# calls neither a deletion a difference nor a part the whole.
. "$(dirname "$0")/../support/system.sh"
export XDG_RUNTIME_DIR=$WORK/runtime XDG_STATE_HOME=$WORK/state; mkdir -p "$XDG_RUNTIME_DIR"
LOG=$WORK/log.db
sql() { sqlite3 -batch "$1" "$2"; }
# A copy of the log to delete from; the signer is to take it for the log.
copy() {
    cp "$LOG" "$1"
    run "$SHAREWATCH" keys accept "$1"
    expect_status 0
}
csv() { grep -F -- "$1" "$WORK/out" | head -1 | sed 's/.*,//'; }

for scenario in subject-a sister-agency side-door; do
    run "$SHAREWATCH" run "$SOURCE/scenarios/$scenario" --speed max --no-dashboard --log "$LOG"
    expect_status 0
done
events=$(sql "$LOG" "SELECT count(*) FROM event")
hops=$(sql "$LOG" "SELECT count(*) FROM hop")
alerts=$(sql "$LOG" "SELECT count(*) FROM alert")
run "$SHAREWATCH" replay "$LOG" --json
expect_status 0
expect_out '"identical":true'
expect_out '"not_judged":{"gone":0,"unsure":0,"again":0}'

# One event at a time, whichever it is: all the rest comes out again.
for row in $(sql "$LOG" "SELECT min(event) FROM hop GROUP BY chain ORDER BY 1 LIMIT 6"); do
    copy "$WORK/one.db"
    run "$SHAREWATCH" prune "$WORK/one.db" --redact "$row" --reason "sent by mistake"
    expect_status 0
    run "$SHAREWATCH" replay "$WORK/one.db"
    expect_status 0
    expect_out "not judged again: 1 events whose payload was deleted on purpose (1 request: sent by mistake)"
    expect_out "identical in all that can be judged again"
done

# An event that another one corrects is gone: the correction is left as it was logged.
row=$(sql "$LOG" "SELECT event FROM hop WHERE cause IS NOT NULL LIMIT 1")
[ -n "$row" ] || fail "the scenarios judge nothing again"
copy "$WORK/parent.db"
run "$SHAREWATCH" prune "$WORK/parent.db" --redact "$row" --reason "case 7"
expect_status 0
run "$SHAREWATCH" replay "$WORK/parent.db"
expect_status 0
expect_out "nor 1 earlier events in the light of a later one"
run "$SHAREWATCH" replay "$WORK/parent.db" --json
expect_status 0
expect_out '"identical":null'
expect_out '"again":1}'

# What can be compared still is.
cp "$WORK/parent.db" "$WORK/changed.db"
sql "$WORK/changed.db" "PRAGMA foreign_keys = OFF; UPDATE hop SET level = 1 WHERE event = (SELECT max(event) FROM hop WHERE cause IS NULL)"
run "$SHAREWATCH" replay "$WORK/changed.db"
expect_status 1
expect_out "first difference: event"
cp "$WORK/parent.db" "$WORK/changed.db"
sql "$WORK/changed.db" "UPDATE event SET payload = '' WHERE id = 2"
run "$SHAREWATCH" replay "$WORK/changed.db"
expect_status 1
expect_out "2 events have no payload, the log tells of 1"

# What-if: the chain is not compared, and later events of it hang on what is gone.
run "$SHAREWATCH" diff "$LOG" --without-edge E04 --csv
whole=$(csv "chains_crossed,A,")
chain=$(sql "$LOG" "SELECT chain FROM chain WHERE level = 4 LIMIT 1")
row=$(sql "$LOG" "SELECT min(event) FROM hop WHERE chain = '$chain' AND edge = 'E04'")
[ -n "$row" ] || fail "the scenario has no search of the federal store"
copy "$WORK/search.db"
run "$SHAREWATCH" prune "$WORK/search.db" --redact "$row" --reason "case 8"
expect_status 0
run "$SHAREWATCH" diff "$WORK/search.db" --without-edge E04 --csv --chains
expect_status 0
[ "$(csv "chains_crossed,A,")" = "$((whole - 1))" ] || fail "the chain with a part missing counts"
[ "$(csv events_gone,)" = 1 ] && [ "$(csv chains_not_compared,)" = 1 ] || fail "what is gone is not told"
[ "$(csv events_unsure,)" -gt 0 ] || fail "later events of the chain were judged without the first"
expect_no_out "chain:$chain"
run "$SHAREWATCH" diff "$WORK/search.db" --policy so40-1979
expect_status 0
expect_out "not judged on either side: 1 events whose payload was deleted on purpose"
expect_out "not compared: 1 chains of such events"

# Played, it tells that something is missing.
run "$SHAREWATCH" replay "$WORK/search.db" --speed max
expect_status 0
expect_err "1 events are missing: their payloads were deleted on purpose"

# Written into a new log, it is not there, and nothing stands in its place.
run "$SHAREWATCH" replay "$WORK/search.db" --to "$WORK/anew.db"
expect_status 0
expect_out "0 events refused"
expect_out "1 events are missing in it: their payloads were deleted on purpose"
[ "$(sql "$WORK/anew.db" "SELECT count(*) FROM event")" = $((events - 1)) ] || fail "other events were left out"
run "$SHAREWATCH" replay "$WORK/anew.db" --json
expect_status 0
expect_out '"identical":true'

# The evidence says what nobody has any more, and does not claim to hold all of it.
alert=$(sql "$WORK/search.db" "SELECT id FROM alert WHERE chain = '$chain' LIMIT 1")
run "$SHAREWATCH" evidence "$WORK/search.db" "$alert"
expect_status 0
expect_out "the payload and digest of 1 of the entries above"
expect_out "Else nothing of the log was left out."
run "$SHAREWATCH" evidence "$LOG" "$alert"
expect_status 0
expect_no_out "Deleted from the log on purpose"

# Six years on nothing is left to be judged, and nothing is called identical but the chains.
run "$SHAREWATCH" keys accept "$LOG"
expect_status 0
run "$SHAREWATCH" prune "$LOG" --now 2033-01-01
expect_status 0
run "$SHAREWATCH" replay "$LOG"
expect_status 0
expect_out "0 events replayed"
expect_out "not judged again: $events events whose payload was deleted on purpose"
expect_out "$hops hops, $alerts alerts"
expect_out "identical in all that can be judged again"
run "$SHAREWATCH" verify "$LOG"
expect_status 0
run "$SHAREWATCH" report "$LOG"
expect_status 0
expect_out "what they told cannot be assessed"

# The files of a log of any size are written anew: what does not fit into a monitor's memory too.
run "$SHAREWATCH" run "$SOURCE/scenarios/sister-agency" --speed max --no-dashboard --log "$WORK/large.db"
expect_status 0
sql "$WORK/large.db" "CREATE TABLE ballast AS WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 40) SELECT randomblob(1048576) AS bytes FROM n"
run "$SHAREWATCH" prune "$WORK/large.db" --redact 1 --reason "case 9"
expect_status 0
expect_out "of 1 on request"
