#!/usr/bin/env bash
# `sharewatch prune`: what is deleted is in no byte of the files, and the proofs of before still hold.
. "$(dirname "$0")/../support/system.sh"
export XDG_RUNTIME_DIR=$WORK/runtime XDG_STATE_HOME=$WORK/state; mkdir -p "$XDG_RUNTIME_DIR"
KEYS=$WORK/state/sharewatch
LOG=$WORK/log.db

run "$SHAREWATCH" prune
expect_status 2
run "$SHAREWATCH" prune "$LOG"
expect_status 3
expect_err "there is no log"
run "$SHAREWATCH" run "$SOURCE/scenarios/subject-a" --speed max --no-dashboard --log "$LOG"
expect_status 0
run "$SHAREWATCH" run "$SOURCE/scenarios/sister-agency" --speed max --no-dashboard --log "$LOG"
expect_status 0
run "$SHAREWATCH" prune "$LOG" --redact 1
expect_status 2
expect_err "with a --reason"

# Nothing is old enough today.
run "$SHAREWATCH" prune "$LOG"
expect_status 0
expect_out "gone: payloads of 0 plate events after 60 days, of 0 events after 1 year"
run "$SHAREWATCH" verify "$LOG"
expect_status 0
expect_no_out "deleted on purpose"

for alert in $(sqlite3 "$LOG" "SELECT id FROM alert"); do
    "$SHAREWATCH" prove "$LOG" "$alert" --out "$WORK/proof.$alert" || fail "no proof"
done

# Two years on: a dry run changes nothing; a hold keeps one chain.
events=$(sqlite3 "$LOG" "SELECT count(*) FROM event")
held=$(sqlite3 "$LOG" "SELECT chain FROM chain ORDER BY event LIMIT 1")
other=$(sqlite3 "$LOG" "SELECT chain FROM chain WHERE chain <> '$held' ORDER BY event DESC LIMIT 1")
[ -n "$held" ] && [ -n "$other" ] || fail "the scenarios make no two chains"
run "$SHAREWATCH" prune "$LOG" --now 2029-01-01 --dry-run
expect_status 0
expect_out "would go"
[ "$(sqlite3 "$LOG" "SELECT count(*) FROM event WHERE payload = ''")" -eq 0 ] || fail "a dry run deleted"
run "$SHAREWATCH" verify "$LOG"
expect_status 0
run "$SHAREWATCH" prune "$LOG" --hold nobody --reason "case 1"
expect_status 3
expect_err "no such chain"
run "$SHAREWATCH" prune "$LOG" --hold "$held" --reason "case 1"
expect_status 0
row=$(sqlite3 "$LOG" "SELECT event FROM hop WHERE chain = '$held' LIMIT 1")
run "$SHAREWATCH" prune "$LOG" --redact "$row" --reason "case 2"
expect_status 3
expect_err "on hold"
run "$SHAREWATCH" prune "$LOG" --now 2029-01-01
expect_status 0
expect_out "kept by a legal hold"
gone=$(sqlite3 "$LOG" "SELECT count(*) FROM event WHERE payload = ''")
[ "$gone" -gt 0 ] && [ "$gone" -lt "$events" ] || fail "$gone of $events payloads are gone"
run "$SHAREWATCH" verify "$LOG" --key "$KEYS/signing.pub"
expect_status 0
expect_out "deleted on purpose"
expect_out "$gone payloads"

# Six years on, and the hold let go: no payload, no digest, no key of a chain in any byte.
run "$SHAREWATCH" prune "$LOG" --release "$held" --reason "case 1 is over"
expect_status 0
run "$SHAREWATCH" prune "$LOG" --now 2033-01-01
expect_status 0
[ "$(sqlite3 "$LOG" "SELECT count(*) FROM event WHERE payload <> ''")" -eq 0 ] || fail "a payload is left"
[ "$(sqlite3 "$LOG" "SELECT count(*) FROM hop WHERE chain NOT LIKE 'redacted:%'")" -eq 0 ] || fail "a key is left"
for canary in "$held" "$other" "specversion"; do
    ! grep -qaF -- "$canary" "$LOG" "$LOG-wal" "$LOG.spool" 2>/dev/null || fail "'$canary' is still there"
done
run "$SHAREWATCH" verify "$LOG" --key "$KEYS/signing.pub"
expect_status 0
expect_out "$events payloads"
for proof in "$WORK"/proof.*; do
    run "$SHAREWATCH" verify --proof "$proof" --key "$KEYS/signing.pub"
    expect_status 0
    expect_out "the proof holds"
done

# What was redacted is not to be filled again, nor taken away without a word.
tamper() {
    cp "$LOG" "$WORK/changed.db"
    sqlite3 "$WORK/changed.db" "PRAGMA foreign_keys = OFF; $1" || fail "$1" 1
    run "$SHAREWATCH" verify "$WORK/changed.db"
    [ "$status" -eq 1 ] || fail "exit status $status after: $1" 1
}
tamper "UPDATE event SET payload = '{}' WHERE id = 1"
tamper "UPDATE hop SET chain = 'redacted:0' WHERE id = 1"
tamper "UPDATE redaction SET reason = 'none' WHERE id = 1"
tamper "DELETE FROM redacted WHERE entry = (SELECT max(entry) FROM redacted)"
tamper "DELETE FROM redaction WHERE id = 1"
tamper "UPDATE redacted SET redaction = (SELECT max(id) FROM redaction) WHERE entry = (SELECT min(entry) FROM redacted)"

# A single event, by reason; a monitor goes on with the log, and the event is known when it comes again.
run "$SHAREWATCH" run "$SOURCE/scenarios/sister-agency" --speed max --no-dashboard --log "$WORK/two.db"
expect_status 0
run "$SHAREWATCH" prune "$WORK/two.db" --redact 1 --reason "was sent by mistake"
expect_status 0
expect_out "of 1 on request"
run "$SHAREWATCH" run "$SOURCE/scenarios/sister-agency" --speed max --no-dashboard --log "$WORK/two.db"
expect_status 0
run "$SHAREWATCH" verify "$WORK/two.db"
expect_status 0
expect_out "1 payloads"
