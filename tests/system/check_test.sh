#!/usr/bin/env bash
# `sharewatch check` on files that people got wrong, and on all that come with the program.
. "$(dirname "$0")/../support/system.sh"

run "$SHAREWATCH" check
expect_status 2
expect_err "FILE|DIR… is missing"

run "$SHAREWATCH" check "$WORK/nowhere.yaml"
expect_status 3
expect_out "$WORK/nowhere.yaml"

run "$SHAREWATCH" check "$SOURCE/monitor" "$SOURCE/scenarios"
expect_status 0
expect_out "0 errors, 0 warnings"

# Each mistake is told with its place and, where one is near, with what was probably meant.
mkdir "$WORK/syntax" "$WORK/map" "$WORK/rule" "$WORK/scenario" "$WORK/other"
printf 'map: x\nnodes:\n  A: {name: a\n' >"$WORK/syntax/broken.yaml"
run "$SHAREWATCH" check "$WORK/syntax"
expect_status 1
expect_out "$WORK/syntax/broken.yaml:"
expect_out "1 file checked: 1 error"

# A file that is not YAML is told with the way out, too.
mkdir -p "$WORK/tab"
sed 's/    steps:/\tsteps:/' "$SOURCE/scenarios/subject-a/scenario.yaml" >"$WORK/tab/scenario.yaml"
run "$SHAREWATCH" check "$WORK/tab"
expect_status 1
expect_out "indent with blanks, never with tabs"
head -c 900 "$SOURCE/scenarios/subject-a/scenario.yaml" >"$WORK/tab/scenario.yaml"
run "$SHAREWATCH" check "$WORK/tab"
expect_out "a { or [ that was opened is not closed"
sed 's/^variants:/variants: 3/' "$SOURCE/scenarios/subject-a/scenario.yaml" >"$WORK/tab/scenario.yaml"
run "$SHAREWATCH" check "$WORK/tab"
expect_out "a key with its value stands on a line of its own"

sed 's/to: \[IDENT\]/to: [IDETN]/' "$SOURCE/monitor/maps/los-angeles.yaml" >"$WORK/map/mine.yaml"
! cmp -s "$WORK/map/mine.yaml" "$SOURCE/monitor/maps/los-angeles.yaml" || fail "nothing was changed"
line=$(grep -n 'to: .IDETN' "$WORK/map/mine.yaml" | head -n 1 | cut -d: -f1)
run "$SHAREWATCH" check "$WORK/map/mine.yaml"
expect_status 1
expect_out "$WORK/map/mine.yaml:$line:"
expect_out "IDETN"
expect_out "did you mean IDENT?"

sed 's/purpose_code:/purpose_cod:/' "$SOURCE/monitor/policies/la-city-2024/a03_immigration_search.yml" \
    >"$WORK/rule/mine.yml"
line=$(grep -n 'purpose_cod:' "$WORK/rule/mine.yml" | cut -d: -f1)
run "$SHAREWATCH" check "$WORK/rule/mine.yml"
expect_status 1
expect_out "$WORK/rule/mine.yml:$line:"
expect_out "did you mean purpose_code?"

sed 's/event: booking\.booked/event: booking.boked/' "$SOURCE/scenarios/subject-a/scenario.yaml" \
    >"$WORK/scenario/scenario.yaml"
line=$(grep -n 'booking\.boked' "$WORK/scenario/scenario.yaml" | head -n 1 | cut -d: -f1)
run "$SHAREWATCH" check "$WORK/scenario"
expect_status 1
expect_out "$WORK/scenario/scenario.yaml:$line:"
expect_out "boked"

mkdir -p "$WORK/packs/cite-more"
sed 's/E27:/E99:/; s/when: {charge_class/when: {charge_clas/' \
    "$SOURCE/monitor/policies/cite-more/pack.yaml" >"$WORK/packs/cite-more/pack.yaml"
run "$SHAREWATCH" check "$WORK/packs/cite-more"
expect_status 1
expect_out "did you mean charge_class?"
expect_out "the map has no edge E99"

echo 'shopping: [milk]' >"$WORK/other/list.yaml"
run "$SHAREWATCH" check "$WORK/other/list.yaml"
expect_status 1
expect_out "list.yaml:1:1: error: this is no map, policy pack, rule or scenario"

# One run tells of all of them, for people and for programs.
run "$SHAREWATCH" check "$WORK"
expect_status 1
for name in broken mine scenario list; do
    expect_out "$name."
done
run "$SHAREWATCH" check --json "$WORK/map" "$WORK/other"
expect_status 1
expect_out '"severity":"error"'
expect_out '"line":'
expect_no_out "checked:"
