#!/usr/bin/env bash
# The score at the end of a run: what really crossed, by the real broker, held against the log; the
# same as in process, and the same for a log that is asked again.
. "$(dirname "$0")/../support/system.sh"

# One of each: seen as it happened, lost, in quarantine, hidden, foreseen and hidden, and a way that
# nothing took.
mkdir -p "$WORK/each"
cat >"$WORK/each/scenario.yaml" <<'END'
scenario: each
title: One of each
from: a test
start: 2026-03-02T08:00:00-08:00
people: {seen: x, lost: x, spoiled: x, hidden: x, booked: x, open: x}
actors:
  jail: {agency: LAPD, class: local, system: LAPD-JAIL, role: jail_clerk}
  unit: {agency: LAPD, class: local, system: LAPD-ID}
  ice: {agency: ICE, class: fed_imm, system: PERC}
  field: {agency: ICE, class: fed_imm, system: ERO-LA}
storylines:
  letters:
    steps:
      - {step: seen, at: 1h, event: notice.sent, actor: jail, to: ice, subject: seen, data: {data_class: release_time}}
      - {step: lost, at: 2h, event: notice.sent, actor: jail, to: ice, subject: lost, data: {data_class: release_time}, fault: lost}
      - {step: spoiled, at: 3h, event: notice.sent, actor: jail, to: ice, subject: spoiled, data: {data_class: release_time}, fault: truncated}
      - {step: hidden, at: 4h, event: notice.sent, actor: jail, to: ice, subject: hidden, data: {data_class: release_time}, hidden: yes}
      - {step: last, at: 40d, event: plate.read, actor: jail}
  booking:
    people: [booked]
    steps:
      - {step: booked, at: 0, event: booking.booked, actor: jail, to: unit, data: {data_class: prints}}
      - {step: handed-over, at: 5d, event: custody.transferred, actor: jail, to: field, hidden: yes, data: {data_class: custody_access}}
  nothing:
    people: [open]
    steps:
      - {step: stays, at: 0, event: booking.booked, actor: jail, to: unit, data: {data_class: prints}}
END
run "$SHAREWATCH" run "$WORK/each" --speed max --no-dashboard --log "$WORK/each.db" --score-json "$WORK/each.json"
expect_status 0
expect_out "What happened:       5 crossings: 1 custody, 4 informed; nobody told of 2 of them."
expect_out "Foreseen:            1, 5 days before."
expect_out "Seen as it happened: 1."
expect_out "Missed:              3."
expect_out "1: nobody told, and nothing before it led there"
expect_out "1: what would have told of it was lost on the way"
expect_out "1: what would have told of it is in quarantine"
expect_out "False alarms:        1."
expect_out "1 chain could have gone on by the map, and did not"
expect_out "Cannot be assessed:  0."
grep -q '"foreseen":{"count":1,"before_ms":{"least":432000000,"median":432000000,"most":432000000,"exact":true}}' "$WORK/each.json" ||
    fail "the JSON says otherwise: $(cat "$WORK/each.json")"

# Asked again, the log gives the same.
run "$SHAREWATCH" expect "$WORK/each" --log "$WORK/each.db" --score --score-json "$WORK/again.json"
expect_status 0
expect_out "Missed:              3."
cmp -s "$WORK/each.json" "$WORK/again.json" || fail "the second score differs: $(cat "$WORK/again.json")"

# The truth is a file, too, and the same each time.
run "$SHAREWATCH" sim "$WORK/each" --to "$WORK/events" --truth "$WORK/truth"
expect_status 0
expect_err "Missed:              3."
[ "$(wc -l <"$WORK/truth")" -eq 6 ] || fail "not five crossings and a score: $(cat "$WORK/truth")"
grep -q '"id":"[0-9]*-handed-over","edge":"E10","level":"custody","told":false,"by_itself":false,"fault":"none"' "$WORK/truth" ||
    fail "the hidden crossing is not in the truth: $(cat "$WORK/truth")"
tail -n 1 "$WORK/truth" | cmp -s - "$WORK/each.json" || fail "the truth's score differs: $(tail -n 1 "$WORK/truth")"
cp "$WORK/events" "$WORK/events.first" && cp "$WORK/truth" "$WORK/truth.first"
run "$SHAREWATCH" sim "$WORK/each" --to "$WORK/events" --truth "$WORK/truth"
cmp -s "$WORK/events" "$WORK/events.first" && cmp -s "$WORK/truth" "$WORK/truth.first" ||
    fail "the same seed gave other bytes"
run "$SHAREWATCH" sim "$WORK/each" --broker mqtt://127.0.0.1:1 --truth "$WORK/truth"
expect_status 2
run "$SHAREWATCH" sim "$WORK/each" --dry-run
expect_out "seed 1: 8 events, 0 of them by themselves, 2 hidden"

# An edge that the scenario switches off carries nothing from then on, and what took it is no crossing.
run "$SHAREWATCH" sim "$SOURCE/scenarios/new-rules" --to "$WORK/events" --truth "$WORK/truth"
expect_err "What happened:       5 crossings: 5 informed."
run "$SHAREWATCH" sim "$SOURCE/scenarios/new-rules" --variant nothing-changes --to "$WORK/events" --truth "$WORK/truth"
expect_err "What happened:       6 crossings: 6 informed."

# In process nothing else comes out.
run "$SHAREWATCH" sweep "$WORK/each" --seeds 1 --csv
expect_status 0
expect_out '"held against what really happened","crossings",5.000,5,5'
expect_out '"held against what really happened","missed",3.000,3,3'
expect_out '"held against what really happened","false alarms",1.000,1,1'

# Data that moves by itself, where a local agency cannot look.
run "$SHAREWATCH" run "$SOURCE/scenarios/by-itself" --variant local-view --speed max --no-dashboard --log "$WORK/local.db"
expect_status 0
expect_out "What happened:       3 crossings: 2 matched, 1 searched; nobody told of 3 of them."
expect_out "Foreseen:            3, half of them 34 min before or more (from 32 min to 56 min)."

# Where the JSON cannot be written, the run says so.
run "$SHAREWATCH" run "$SOURCE/scenarios/by-itself" --speed max --no-dashboard --log "$WORK/no.db" --score-json /nowhere/score.json
expect_status 3
expect_err "/nowhere/score.json"
