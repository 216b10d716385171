#!/usr/bin/env bash
# `sharewatch sweep`: many runs of a scenario, and how far what comes out spreads.
. "$(dirname "$0")/../support/system.sh"
clean_day=$SOURCE/scenarios/clean-day

run "$SHAREWATCH" sweep "$clean_day" --variant b --seeds 6 --jobs 1 --csv
expect_status 0
expect_out '"chains that reach","searched or more",3.000,3,3'
expect_out '"chains that reach","matched or more",0.000,0,0'
expect_out '"hops, by verdict","prohibited",0.000,0,0'
cp "$WORK/out" "$WORK/one"
run "$SHAREWATCH" sweep "$clean_day" --variant b --seeds 6 --jobs 3 --csv
cmp -s "$WORK/one" "$WORK/out" || fail "three jobs count otherwise than one"

# What is changed changes, and nothing else does.
run "$SHAREWATCH" sweep "$clean_day" --variant b --seeds 6 --csv --set automatic.E04.chance=0
expect_status 0
expect_out '"chains that reach","searched or more",0.000,0,0'
run "$SHAREWATCH" sweep "$clean_day" --variant b --seeds 40 --csv --set automatic.E04.chance=50%
mean=$(sed -n 's/.*"searched or more",\([0-9.]*\),.*/\1/p' "$WORK/out")
awk -v m="$mean" 'BEGIN { exit !(m > 1.1 && m < 1.9) }' || fail "half of three is not $mean"
run "$SHAREWATCH" sweep "$clean_day" --variant b --seeds 2 --set nobody.chance=1
expect_status 1
expect_err 'nothing to set by "nobody.chance=1"'
run "$SHAREWATCH" sweep "$clean_day" --variant b --seeds 2 --set automatic.E04.chance=often
expect_status 1
expect_err 'chance must be a share from 0 to 1, not "often"'

# Other rules, the same events.
run "$SHAREWATCH" sweep "$SOURCE/scenarios/jail-handover" --seeds 1 --csv
expect_out '"hops, by verdict","prohibited",5.000,5,5'
run "$SHAREWATCH" sweep "$SOURCE/scenarios/jail-handover" --seeds 1 --policy no-sanctuary --csv
expect_out '"hops, by verdict","prohibited",0.000,0,0'

run "$SHAREWATCH" sweep "$clean_day" --seeds 3 --json
grep -q '"synthetic":true' "$WORK/out" || fail "the answer does not say that it is simulated"
run "$SHAREWATCH" sweep "$clean_day" --seeds 3
expect_out "clean-day variant a, 3 runs, rules ca-state+la-city-2024, simulated"
for wrong in "--seeds 0" "--seeds x" "--jobs 0"; do
    run "$SHAREWATCH" sweep "$clean_day" $wrong
    expect_status 2
done

# What nobody has counted is halved and doubled; what that moves is told, and what it does not.
mkdir -p "$WORK/doubtful"
cat >"$WORK/doubtful/scenario.yaml" <<'YAML'
scenario: doubtful
title: Bookings of a day
from: a test
seed: 1
start: 2026-03-03T14:00:00-08:00
actors:
  jail: {agency: LAPD, class: local, system: LAPD-JAIL, role: jail_clerk}
automatic: yes
storylines:
  main:
    repeat: {per_day: 40, days: 1} # uncertain: how many
    steps:
      - step: booked
        at: 0
        event: booking.booked
        actor: jail
        subject: new
        data: {data_class: arrest, charge_class: M, custody_state: booked}
      - step: released
        after: booked
        event: custody.released
        actor: jail
        delay: 10m # uncertain: when
YAML
run "$SHAREWATCH" sweep "$WORK/doubtful" --seeds 12
expect_status 0
expect_out "line 11: repeat: {per_day: 40, days: 1} # uncertain: how many"
expect_out "what moves by itself, line 18: chance: 8%"
expect_out "moves none of the numbers above: line 23"
halved=$(sed -n 's/.*searched or more: .*; halved \([0-9.]*\), doubled .*/\1/p' "$WORK/out")
awk -v h="$halved" 'BEGIN { exit !(h > 12 && h < 28) }' || fail "half of forty is not $halved"
run "$SHAREWATCH" sweep "$WORK/doubtful" --seeds 4 --json
grep -q '"line":11,"runs":4,' "$WORK/out" || fail "the JSON does not tell of line 11"
run "$SHAREWATCH" sweep "$WORK/doubtful" --seeds 4 --doubts 0
expect_out "It rests on what nobody has counted:"
