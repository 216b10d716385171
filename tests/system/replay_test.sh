#!/usr/bin/env bash
# `sharewatch replay`: a log gives the same again, whoever wrote it, and every change of it is found.
. "$(dirname "$0")/../support/system.sh"
DATA=$SOURCE/tests/data/flock
export XDG_RUNTIME_DIR=$WORK/runtime; mkdir -p "$XDG_RUNTIME_DIR"

run "$SHAREWATCH" replay
expect_status 2
run "$SHAREWATCH" replay "$WORK/nowhere.db"
expect_status 3
expect_err "there is no log"
run "$SHAREWATCH" replay "$WORK/nowhere.db" --from yesterday
expect_status 2

# What a live monitor wrote, with an event that was judged again later.
run "$SHAREWATCH" run "$SOURCE/scenarios/sister-agency" --speed max --no-dashboard --log "$WORK/live.db"
expect_status 0
run "$SHAREWATCH" replay "$WORK/live.db"
expect_status 0
expect_out "4 hops"
expect_out "identical"

# What two imports wrote: two runs, the second under another policy.
LOG=$WORK/audit.db
run "$SHAREWATCH" import flock "LAPD=$DATA/network_13.csv" "LAPD=$DATA/events.csv" --log "$LOG"
expect_status 0
run "$SHAREWATCH" import flock "Fresno CA PD=$DATA/network_11.csv" "LAPD=$DATA/portal.csv" --log "$LOG" \
    --policy ca-state
expect_status 0
run "$SHAREWATCH" replay "$LOG"
expect_status 0
expect_out "2 runs"
expect_out "identical"
run "$SHAREWATCH" replay "$LOG" --json
expect_out '"identical":true'

# Under another policy it is another story, and the first difference is named.
run "$SHAREWATCH" replay "$WORK/live.db" --policy so40-1979
expect_status 1
expect_out "first difference: event"

# A pack may change the map; the next run's does not build on that.
run "$SHAREWATCH" import flock "Fresno CA PD=$DATA/network_13.csv" --log "$WORK/packs.db" --policy nlets-off
expect_status 0
run "$SHAREWATCH" import flock "LAPD=$DATA/portal.csv" "$DATA/events.csv" --log "$WORK/packs.db"
expect_status 0
run "$SHAREWATCH" replay "$WORK/packs.db"
expect_status 0
expect_out "2 runs"

# A filter compares less; everything is judged all the same.
run "$SHAREWATCH" replay "$LOG" --edge E24
expect_status 0
expect_out "hops were left out by the filter"
run "$SHAREWATCH" replay "$LOG" --until 2020-01-01
expect_status 0
expect_out " 0 hops"

# Every single change of a row is found.
# How often each rule could be tested at all, by the log's events as the rules saw them.
run "$SHAREWATCH" replay "$LOG" --tested
expect_status 0
expect_out "identical"
expect_out "How often the rules of ca-state+la-city-2024 could be tested:"
expect_out "r01_status_asked: all it tests was there in 0 % of "
expect_out "status_asked in 100 %"
expect_out " rules: "
run "$SHAREWATCH" replay "$LOG" --tested --json
expect_status 2

tamper() { # SQL WHAT-THE-DIFFERENCE-SAYS
    sqlite3 "$LOG" "PRAGMA wal_checkpoint(TRUNCATE)" >"$WORK/out"
    cp "$LOG" "$WORK/changed.db"
    sqlite3 "$WORK/changed.db" "PRAGMA foreign_keys = OFF; $1" >"$WORK/out" 2>&1 || fail "$1" 1
    run "$SHAREWATCH" replay "$WORK/changed.db"
    [ "$status" -eq 1 ] || fail "exit status $status after: $1" 1
    grep -qF -- "$2" "$WORK/out" || fail "standard output lacks '$2' after: $1" 1
}
tamper "UPDATE hop SET verdict = 'NONE' WHERE id = 1" "hop.verdict was logged as 'NONE', replayed as 'PROH'"
tamper "UPDATE hop SET level = 4 WHERE id = 3" "hop.level was logged as 4, replayed as 3"
tamper "UPDATE hop SET edge = 'E21' WHERE id = 3" "hop.edge"
tamper "DELETE FROM finding WHERE hop = 1" "no such finding"
tamper "UPDATE finding SET verdict = 'DISC' WHERE hop = 1" "was logged as DISC"
tamper "INSERT INTO finding SELECT 1, policy_id, rule + 1, verdict, missing FROM finding WHERE hop = 1" "spoke then"
tamper "UPDATE alert SET sentence = 'Nothing happened.' WHERE id = 1" "alert.sentence"
tamper "DELETE FROM alert WHERE id = (SELECT max(id) FROM alert)" "alert"
tamper "UPDATE chain SET level = 0" "chain.level"
tamper "DELETE FROM chain WHERE revision = 1" "gets revision 1 now, the log has none"
tamper "INSERT INTO chain SELECT 'made-up', 1, event, level, verdict, verdicts, duties, fed_reach, hops, first_ms, last_ms, synthetic FROM chain LIMIT 1" "rows of chains"
tamper "DELETE FROM hop WHERE id = 2" "event"
tamper "UPDATE event SET payload = replace(payload, 'ICE hold', 'burglary') WHERE id = 1" "event 1 "
tamper "UPDATE event SET payload = replace(payload, 'data_class', 'data_klass') WHERE id = 2" "is refused now: unknown_field"
tamper "DELETE FROM event WHERE id = 3" "event"
tamper "UPDATE hop SET ts_event = ts_event + 1 WHERE id = (SELECT max(id) FROM hop)" "hop.ts_event"
tamper "INSERT INTO hop SELECT 1000, event, 9, cause, chain, edge, from_node, to_node, data_class, crosses, level, verdict, duties, fed_reach, late, ts_event, alert, synthetic FROM hop WHERE id = 1" "the log has"

# A log of the time before the seal is replayed, and its events go into a new log that can be gone on with.
cp "$WORK/live.db" "$WORK/old.db"
sqlite3 "$WORK/old.db" "PRAGMA foreign_keys = OFF; DROP TABLE redacted; DROP TABLE redaction; DROP TABLE hold; DROP TABLE checkpoint;
    DROP TABLE signer; DROP TABLE tile; DROP TABLE entry; DROP TABLE origin; DROP TABLE setting; PRAGMA user_version = 1"
run "$SHAREWATCH" replay "$WORK/old.db"
expect_status 0
expect_out "4 hops"
expect_out "identical"
run "$SHAREWATCH" diff "$WORK/old.db" --policy ca-state
expect_status 0
run "$SHAREWATCH" replay "$WORK/old.db" --to "$WORK/moved.db"
expect_status 0
run "$SHAREWATCH" verify "$WORK/moved.db"
expect_status 0
expect_out "whole"
run "$SHAREWATCH" replay "$WORK/moved.db"
expect_status 0
expect_out "identical"
run "$SHAREWATCH" import flock "LAPD=$DATA/events.csv" --log "$WORK/moved.db"
expect_status 0
