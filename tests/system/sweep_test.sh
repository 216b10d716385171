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
run "$SHAREWATCH" sweep "$clean_day" --variant b --seeds 6 --csv --set dhs-search.chance=0
expect_status 0
expect_out '"chains that reach","searched or more",0.000,0,0'
run "$SHAREWATCH" sweep "$clean_day" --variant b --seeds 40 --csv --set dhs-search.chance=50%
mean=$(sed -n 's/.*"searched or more",\([0-9.]*\),.*/\1/p' "$WORK/out")
awk -v m="$mean" 'BEGIN { exit !(m > 1.1 && m < 1.9) }' || fail "half of three is not $mean"
run "$SHAREWATCH" sweep "$clean_day" --variant b --seeds 2 --set nobody.chance=1
expect_status 1
expect_err 'nothing to set by "nobody.chance=1"'
run "$SHAREWATCH" sweep "$clean_day" --variant b --seeds 2 --set dhs-search.chance=often
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
