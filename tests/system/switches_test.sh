#!/usr/bin/env bash
# `sharewatch switches`: what switched-off edges would have cut, as `sharewatch diff` says it, too.
. "$(dirname "$0")/../support/system.sh"
export XDG_RUNTIME_DIR=$WORK/runtime; mkdir -p "$XDG_RUNTIME_DIR"
LOG=$WORK/log.db
json() { sqlite3 :memory: "SELECT json_extract(readfile('$WORK/answer'), '$1')"; }

run "$SHAREWATCH" switches
expect_status 2
run "$SHAREWATCH" switches "$LOG"
expect_status 3
expect_err "there is no log at"
sqlite3 "$WORK/other.db" "CREATE TABLE t (x)"
run "$SHAREWATCH" switches "$WORK/other.db"
expect_status 3

run "$SHAREWATCH" run "$SOURCE/scenarios/subject-a" --speed max --no-dashboard --log "$LOG"
expect_status 0
run "$SHAREWATCH" switches "$LOG" --json
expect_status 0
cp "$WORK/out" "$WORK/answer"
[ "$(json '$.chains')" = "$(sqlite3 "$LOG" "SELECT count(*) FROM chain_now WHERE level >= 2")" ] || fail "the chains differ"
[ "$(json '$.any.size')" = 1 ] || fail "the way of the prints is cut by one edge"
[ "$(json '$.state_or_local.sets[0].edges[0]')" = E03 ] || fail "what the state could do is E03"
# Each edge that was taken cuts as many as the what-if says; one that is in no path cuts none.
for edge in E01 E02 E03 E04 E05 E06 E36; do
    cut=$(sqlite3 :memory: "SELECT coalesce((SELECT value ->> '$.cut' FROM json_each(readfile('$WORK/answer'), '\$.edges')
        WHERE value ->> '$.edge' = '$edge'), 0)")
    run "$SHAREWATCH" diff "$LOG" --without-edge $edge
    expect_status 0
    expect_out "B cuts $cut and adds 0"
done
run "$SHAREWATCH" switches "$LOG"
expect_status 0
expect_out "1 chain got to level 2 (matched) or further"
expect_out "Congress, DHS and the FBI only: cuts 1 of 1 by E04"

# Nothing crossed, nothing to cut.
run "$SHAREWATCH" run "$SOURCE/scenarios/clean-day" --speed max --no-dashboard --log "$WORK/clean.db"
expect_status 0
run "$SHAREWATCH" switches "$WORK/clean.db"
expect_status 0
expect_out "0 chains got to level 2"
