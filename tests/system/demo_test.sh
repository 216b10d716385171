#!/usr/bin/env bash
# scenarios/demo without a terminal ends by itself; at a terminal it stays until Ctrl-C.
. "$(dirname "$0")/../support/system.sh"
SHAREWATCH_BIN=$(dirname "$SHAREWATCH")
export SHAREWATCH_BIN

run "$SOURCE/scenarios/demo" --speed max --log "$WORK/demo.db"
expect_status 0
expect_out "Did it cross?       Yes: 1 chain got as far as custody."
expect_out "Was it forbidden?   No local rule was broken"
[ "$(sqlite3 "$WORK/demo.db" 'SELECT count(*) FROM event')" -eq 13 ] || fail "not every event is in the log"

TERM=xterm script -qfec "'$SOURCE/scenarios/demo' --speed max --log '$WORK/stay.db'" "$WORK/out" >/dev/null &
cleanup='kill $(ps -o pid= --ppid $!) 2>/dev/null'
wait_for 30 grep -q "Everything stays until Ctrl-C" "$WORK/out" || fail "it does not stay"
expect_out "http://127.0.0.1:"
kill -INT "$(ps -eo pid=,args= | sed -n "s|^ *\([0-9]*\) .*sharewatch run .*$WORK/stay.db\$|\1|p" | tail -n 1)"
wait $!
grep -q 'COMMAND_EXIT_CODE="0"' "$WORK/out" || fail "Ctrl-C is not a good end"
