#!/usr/bin/env bash
# `sharewatch verify`: whole logs of every writer, and one that was changed.
. "$(dirname "$0")/../support/system.sh"
DATA=$SOURCE/tests/data/flock
export XDG_RUNTIME_DIR=$WORK/runtime; mkdir -p "$XDG_RUNTIME_DIR"

run "$SHAREWATCH" verify
expect_status 2
run "$SHAREWATCH" verify "$WORK/nowhere.db"
expect_status 3
expect_err "there is no log"

# What a live monitor wrote.
LOG=$WORK/live.db
run "$SHAREWATCH" run "$SOURCE/scenarios/sister-agency" --speed max --no-dashboard --log "$LOG"
expect_status 0
run "$SHAREWATCH" verify "$LOG"
expect_status 0
expect_out "$LOG: whole"
expect_out "3 events, 4 judgements, 2 alerts"
run "$SHAREWATCH" verify "$LOG" --json
expect_status 0
expect_out '"state":"whole"'

# What an import wrote, on top of it.
run "$SHAREWATCH" import flock "LAPD=$DATA/network_13.csv" "LAPD=$DATA/events.csv" --log "$LOG"
expect_status 0
run "$SHAREWATCH" verify "$LOG"
expect_status 0
run "$SHAREWATCH" replay "$LOG"
expect_status 0

# One letter of one alert.
sqlite3 "$LOG" "UPDATE alert SET title = title || '.' WHERE id = 2"
run "$SHAREWATCH" verify "$LOG"
expect_status 1
expect_out "NOT whole"
expect_out "a finding, its alert or its chain's row was changed"
run "$SHAREWATCH" verify "$LOG" --json
expect_status 1
expect_out '"state":"broken"'

# A file that is none of ours, and a log of the time before the seal.
echo "not a database, and long enough to be looked at: $(seq 100 | tr '\n' ' ')" >"$WORK/other.db"
run "$SHAREWATCH" verify "$WORK/other.db"
expect_status 3
expect_err "is not a log of sharewatch"
sqlite3 "$LOG" "PRAGMA user_version = 1" >/dev/null
run "$SHAREWATCH" verify "$LOG"
expect_status 1
expect_out "not sealed"
run "$SHAREWATCH" import flock "LAPD=$DATA/network_13.csv" --log "$LOG"
expect_status 3
expect_err "did not seal its rows"
