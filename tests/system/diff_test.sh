#!/usr/bin/env bash
# `sharewatch diff`: what another policy, another map or a switched-off edge would have changed.
. "$(dirname "$0")/../support/system.sh"
DATA=$SOURCE/tests/data/flock
export XDG_RUNTIME_DIR=$WORK/runtime; mkdir -p "$XDG_RUNTIME_DIR"
LOG=$WORK/live.db
sql() { sqlite3 -batch "$1" "$2"; }
csv() { grep -F -- "$1" "$WORK/out" | head -1 | sed 's/.*,//'; } # the count of the line that begins so
expect_count() {
    local got; got=$(csv "$1,")
    [ "$got" = "$2" ] || fail "'$1' is '$got' instead of '$2'" 1
}

run "$SHAREWATCH" diff
expect_status 2
run "$SHAREWATCH" diff "$LOG"
expect_status 2
expect_err "say what is to be compared"
run "$SHAREWATCH" diff "$LOG" --policy
expect_status 2
run "$SHAREWATCH" diff "$LOG" --policy ca-state
expect_status 3

run "$SHAREWATCH" run "$SOURCE/scenarios/subject-a" --speed max --no-dashboard --log "$LOG"
expect_status 0

# Against itself nothing changes, and A is what the log says.
run "$SHAREWATCH" diff "$LOG" --policy ca-state,la-city-2024 --csv --chains
expect_status 0
expect_no_out "finding_lost"
expect_no_out "chain:"
expect_count "chain_verdict,AUTO,AUTO" "$(sql "$LOG" "SELECT count(*) FROM chain_now WHERE verdict = 'AUTO'")"
expect_count "chain_level,4,4" "$(sql "$LOG" "SELECT count(*) FROM chain_now WHERE level = 4")"
expect_count "event_verdict,FED,FED" "$(sql "$LOG" "SELECT count(*) FROM hop WHERE verdict = 'FED'")"
events=$(grep -c . <<<"$(sql "$LOG" "SELECT DISTINCT event FROM hop")")
[ "$(awk -F, '$1 == "event_verdict" {n += $4} END {print n}' "$WORK/out")" = "$events" ] ||
    fail "the matrix does not add up to $events events"

# The chain of the central case is beyond any local rule: only the federal search holds it together.
run "$SHAREWATCH" diff "$LOG" --without-edge E04 --chains
expect_status 0
expect_out "B cuts 1 and adds 0"
expect_out "automatic and federal hops only: A 1, B 0 chains"
expect_out ", without E04"
expect_out "AUTO/custody, then NONE/none"
run "$SHAREWATCH" diff "$LOG" --without-edge=E29,E18
expect_status 0
expect_out "0 judged otherwise"
run "$SHAREWATCH" diff "$LOG" --without-edge E99
expect_status 3
expect_err "the map has no edge 'E99'"

# Another map: the same file with the edge renamed away is as good as another map.
sed 's/^  E04:/  E94:/; s/\[E04\]/[E94]/' "$SOURCE/monitor/maps/los-angeles.yaml" >"$WORK/other.yaml"
run "$SHAREWATCH" diff "$LOG" --map "$WORK/other.yaml" --csv
expect_status 0

# An imported log, two packs: what the ordinance alone finds is lost under the state's law alone.
run "$SHAREWATCH" import flock "LAPD=$DATA/network_13.csv" --log "$WORK/audit.db"
expect_status 0
run "$SHAREWATCH" diff "$WORK/audit.db" --policy ca-state,la-city-2024 --policy ca-state --csv --chains
expect_status 0
expect_count "finding_lost,a03_immigration_search," 1
expect_out "chain:event:"
cp "$WORK/out" "$WORK/forth"
run "$SHAREWATCH" diff "$WORK/audit.db" --policy ca-state --policy ca-state,la-city-2024 --csv
expect_count "finding_gained,,a03_immigration_search" 1
# Back is forth, mirrored.
for section in chain_verdict event_verdict chain_level event_level; do
    awk -F, -v s=$section '$1 == s {print $3 "," $2 "," $4}' "$WORK/forth" | sort >"$WORK/mirrored"
    awk -F, -v s=$section '$1 == s {print $2 "," $3 "," $4}' "$WORK/out" | sort >"$WORK/back"
    cmp -s "$WORK/mirrored" "$WORK/back" || fail "$section is not mirrored"
done
run "$SHAREWATCH" diff "$WORK/audit.db" --policy so40-1979 --json --chains
expect_status 0
expect_out '"beyond_local_rules"'
[ "$(sqlite3 :memory: "SELECT json_valid(readfile('$WORK/out'))")" = 1 ] || fail "not JSON"
run "$SHAREWATCH" diff "$WORK/audit.db" --policy a --policy b --policy c
expect_status 2

# One thread or two, and again: the same bytes. Batches end in the middle of it.
run "$SHAREWATCH" run "$SOURCE/scenarios/clean-day" --speed max --no-dashboard --log "$WORK/big.db"
expect_status 0
[ "$(sql "$WORK/big.db" "SELECT count(*) FROM event")" -gt 384 ] || fail "the log is shorter than three batches"
for form in --json --csv ""; do
    run "$SHAREWATCH" diff "$WORK/big.db" --policy ca-state,la-city-2024 --policy so40-1979 --threads 1 --chains $form
    expect_status 0
    cp "$WORK/out" "$WORK/one"
    for turn in 1 2; do
        run "$SHAREWATCH" diff "$WORK/big.db" --policy ca-state,la-city-2024 --policy so40-1979 --threads 2 --chains $form
        expect_status 0
        cmp -s "$WORK/out" "$WORK/one" || fail "two threads give another answer ($form)"
    done
done
run "$SHAREWATCH" diff "$WORK/big.db" --policy so40-1979 --threads 3
expect_status 2
