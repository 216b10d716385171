#!/usr/bin/env bash
# The rule engine from the command line: match and explain.
. "$(dirname "$0")/../support/system.sh"

mkdir -p "$WORK/rules/lists"
printf 'ICE\nCBP\n' >"$WORK/rules/lists/immigration.txt"
cat >"$WORK/rules/told.yml" <<'RULES'
title: ICE is told
id: told
logsource: {product: police, category: notice}
detection:
    told:
        recipient.agency|expand: '%immigration%'
    filter_judge:
        instrument: judicial_warrant
    condition: told and not 1 of filter_*
x_policy:
    verdict: PROH
    cite: Gov. Code 7284.6(a)(1)
    in_force: {from: 2018-01-01}
    if_missing: {instrument: REVIEW}
RULES
cat >"$WORK/rules/twice.yml" <<'RULES'
title: Read
name: read
logsource: {product: police, category: plate}
detection: {s: {action: read}, condition: s}
---
title: Read twice within an hour
id: a-twice
correlation: {type: event_count, rules: [read], group-by: [car], timespan: 1h, condition: {gte: 2}}
RULES
cat >"$WORK/events.jsonl" <<'EVENTS'
{"at":"2026-01-01T10:00:00Z","kind":"plate","action":"read","car":7}
{"at":"2026-01-01T10:59:00Z","kind":"plate","action":"read","car":"7"}
{"at":"2026-01-01T12:00:00Z","kind":"plate","action":"read","car":7}

{"at":"2026-01-01T12:00:01Z","kind":"notice","recipient":[{"agency":"FBI"},{"agency":"ice"}]}
{"at":"2017-12-31T23:59:59Z","kind":"notice","recipient.agency":"ICE"}
not json
{"at":"2026-01-01T12:00:02Z","kind":"plate","recipient.agency":"CBP"}
EVENTS

# One line of ids for each event; a line that is none keeps its place and is told.
run "$SHAREWATCH" match --rules "$WORK/rules" --events "$WORK/events.jsonl" --time-field at
expect_status 0
printf '%s\n' '[]' '["a-twice"]' '[]' '["told"]' '[]' '[]' '["told"]' >"$WORK/expected"
cmp "$WORK/out" "$WORK/expected" || fail "other matches than expected"
expect_err "events.jsonl:7: not an event: an event is a JSON object, at byte 0"

# The log source of each event decides which rules run; titles instead of ids; standard input.
run bash -c "'$SHAREWATCH' match --rules '$WORK/rules' --events - --time-field at --names \
    --log-source product=police --log-source-from category=kind <'$WORK/events.jsonl'"
printf '%s\n' '[]' '["Read twice within an hour"]' '[]' '["ICE is told"]' '[]' '[]' '[]' \
    >"$WORK/expected"
cmp "$WORK/out" "$WORK/expected" || fail "the log source was not heeded"

# Nothing matched; rules refused; files that are not there; a wrong option.
echo '{"a":1}' >"$WORK/none.jsonl"
run "$SHAREWATCH" match --rules "$WORK/rules" --events "$WORK/none.jsonl"
expect_status 1
echo 'title: X' >"$WORK/bad.yml"
run "$SHAREWATCH" match --rules "$WORK/bad.yml" --events "$WORK/none.jsonl"
expect_status 1
expect_err "bad.yml:1:1: error: a rule has a detection, a correlation or a filter"
run "$SHAREWATCH" match --rules "$WORK/rules" --events "$WORK/nowhere"
expect_status 3
run "$SHAREWATCH" match --rules "$WORK/nowhere" --events "$WORK/none.jsonl"
expect_status 3
run "$SHAREWATCH" match --rules "$WORK/rules"
expect_status 2

# Why a rule matches, in the words that a lawyer needs.
run "$SHAREWATCH" explain "$WORK/rules/told.yml" \
    '{"time":"2026-01-01T00:00:00Z","recipient":{"agency":"ICE"}}'
expect_status 0
expect_out "Citation:  Gov. Code 7284.6(a)(1)"
expect_out "from 2018-01-01 (event of 2026-01-01: in force)"
expect_out "instrument: judicial_warrant   not testable: the event has no instrument"
expect_out "Result: needs review (REVIEW). The answer hangs on instrument"
run "$SHAREWATCH" explain "$WORK/rules/told.yml" \
    '{"recipient":{"agency":"ICE"},"instrument":"judicial_warrant"}'
expect_status 1
expect_out "Result: does not match."
run "$SHAREWATCH" explain --json "$WORK/rules/told.yml" \
    '{"recipient":{"agency":"CBP"},"instrument":"I-247A"}'
expect_status 0
expect_out '"matches":true,"verdict":"PROH"'
run "$SHAREWATCH" explain --id nothing "$WORK/rules" '{}'
expect_status 2

# Rules of a folder are checked together: a correlation may name a rule of another file.
mkdir "$WORK/loose"
cat >"$WORK/loose/base.yml" <<'RULES'
title: Base
name: base
logsource: {product: police}
detection: {s: {k: 1}, condition: s}
RULES
cat >"$WORK/loose/often.yml" <<'RULES'
title: Often
correlation: {type: event_count, rules: [base], timespan: 1h, condition: {gte: 9}}
RULES
run "$SHAREWATCH" check "$WORK/loose"
expect_status 0
sed -i 's/\[base\]/[bsae]/' "$WORK/loose/often.yml"
run "$SHAREWATCH" check "$WORK/loose"
expect_status 1
expect_out "often.yml:2:42: error: no rule has the id or name bsae"
expect_out "hint: did you mean base?"

# How often each rule could be tested at all: what finds nothing may be blind.
run "$SHAREWATCH" match --rules "$WORK/rules" --events "$WORK/events.jsonl" --time-field at --log-source product=police \
    --log-source-from category=kind --tested
expect_status 0
expect_err "told: all it tests was there in 0 % of 2 events; missing: instrument in 100 %"
expect_err "2 rules: 1 have a field that no event had, 0 had no event of their log source"
expect_no_out "told:"
