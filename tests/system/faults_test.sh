#!/usr/bin/env bash
# What a scenario changes while it runs: other rules between the right two events, and machines that
# fail without anything being lost.
. "$(dirname "$0")/../support/system.sh"
ask() { sqlite3 "$WORK/$1.db" "$2"; }

# ---- rules: each event is judged by what was in force, also at full speed, and the log says by what ----
run "$SHAREWATCH" run "$SOURCE/scenarios/new-rules" --speed max --expect --no-dashboard --log "$WORK/rules.db"
expect_status 0
expect_err "city-rules, other rules from here on"
expect_err "records-closed, other rules from here on"
expect_out "Then by ca-state+la-city-2024 under the map"
expect_out "9 events, all as expected"
[ "$(ask rules "SELECT group_concat(n) FROM (SELECT count(*) AS n FROM event GROUP BY run_id ORDER BY run_id)")" = 4,3,2 ] ||
    fail "not 4, 3 and 2 events under the three sets of rules: $(ask rules 'SELECT run_id, event_id FROM event')"
[ "$(ask rules "SELECT group_concat(name) FROM (SELECT policy.name FROM run JOIN policy ON policy.id = policy_id ORDER BY run.id)")" = \
    ca-state,ca-state+la-city-2024,ca-state+edges-off+la-city-2024 ] || fail "the log does not name the rules"
[ ! -e "$WORK/rules.db.rules" ] || fail "the folder of the rules is left"
run "$SHAREWATCH" replay "$WORK/rules.db"
expect_status 0
expect_out "identical"

# Rules that somebody chose stand throughout.
run "$SHAREWATCH" run "$SOURCE/scenarios/new-rules" --speed max --policy no-sanctuary --no-dashboard --log "$WORK/given.db"
expect_status 0
expect_err "city-rules, not made: the rules of --policy stand throughout"
[ "$(ask given "SELECT count(*) FROM policy WHERE name LIKE '%la-city%'")" -eq 0 ] || fail "--policy did not stand"

# A pack that is not there is told, and ends the run.
mkdir "$WORK/bad"
sed 's/policy: \[ca-state, la-city-2024\]/policy: [no-such-pack]/' "$SOURCE/scenarios/new-rules/scenario.yaml" >"$WORK/bad/scenario.yaml"
run "$SHAREWATCH" run "$WORK/bad" --speed max --no-dashboard --log "$WORK/bad.db"
expect_status 3
expect_err "policies/no-such-pack of the scenario cannot be put into"

# The simulator alone says what it does not do.
run "$SHAREWATCH" sim "$SOURCE/scenarios/new-rules" --to "$WORK/events.jsonl"
expect_status 0
expect_err "changes rules or machines 2 times"

# The timeline shows them where they fall.
run "$SHAREWATCH" sim "$SOURCE/scenarios/new-rules" --dry-run
expect_status 0
grep -A1 'last-moment' "$WORK/out" | grep -q '2026-02-01 16:00:00  \* city-rules: rules ca-state+la-city-2024' || fail "the change is not told"
expect_out "* records-closed: E16 off"

# ---- machines: broker, monitor and disk fail in turn; every event is there once ----
run "$SHAREWATCH" run "$SOURCE/scenarios/failing-machines" --speed max --expect --no-dashboard --log "$WORK/machines.db"
expect_status 0
for line in broker-restart monitor-restart monitor-kill "disk-full, the monitor can write no more" "the disk has room again"; do
    expect_err "the scenario: $line"
done
expect_out "6000 events, all as expected"
expect_out "0 missing, 0 in quarantine"
[ "$(ask machines 'SELECT count(*) FROM event')" -eq 6000 ] || fail "events are lost or come twice"
[ "$(ask machines 'SELECT count(*) FROM run')" -ge 3 ] || fail "the monitor was not started again"
run "$SHAREWATCH" replay "$WORK/machines.db"
expect_status 0
expect_out "identical"
