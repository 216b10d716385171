#!/usr/bin/env bash
# `sharewatch verify`: whole logs of every writer, and one that was changed.
. "$(dirname "$0")/../support/system.sh"
DATA=$SOURCE/tests/data/flock
export XDG_RUNTIME_DIR=$WORK/runtime XDG_STATE_HOME=$WORK/state; mkdir -p "$XDG_RUNTIME_DIR"
KEYS=$WORK/state/sharewatch

run "$SHAREWATCH" verify
expect_status 2
run "$SHAREWATCH" verify some.db --proof some
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

# Its head is signed with a key that was made for it; the log does not hold it, nor may others read it.
expect_out '"signer_trusted":false'
[ "$(stat -c %a "$KEYS/signing.key")" = 600 ] || fail "others may read the key"
secret=$(sed -n 's/^sharewatch-signing-1 //p' "$KEYS/signing.key")
[ ${#secret} -eq 64 ] || fail "no secret"
! grep -q "$secret" "$LOG" "$LOG-wal" || fail "the log holds the key"
run "$SHAREWATCH" verify "$LOG" --key "$KEYS/signing.pub"
expect_status 0
expect_out "as given"
expect_out "witnessed by nobody"
cp "$LOG" "$WORK/old.db"

# The key is replaced; the old one hands over, which the next writer notes.
run "$SHAREWATCH" keys rotate signing
expect_status 0
expect_out "replaced 1 time"
! grep -q "$secret" -r "$KEYS" || fail "the old key is still there"

# What an import wrote, on top of it.
run "$SHAREWATCH" import flock "LAPD=$DATA/network_13.csv" "LAPD=$DATA/events.csv" --log "$LOG"
expect_status 0
run "$SHAREWATCH" verify "$LOG"
expect_status 0
run "$SHAREWATCH" replay "$LOG"
expect_status 0

run "$SHAREWATCH" verify "$LOG" --key "$KEYS/signing.pub"
expect_status 0
expect_out "as given"

# Somebody else's key, one that cannot be read, one that others may read.
run "$SHAREWATCH" keys create --key-dir "$WORK/others"
expect_status 0
run "$SHAREWATCH" verify "$LOG" --key "$WORK/others/signing.pub"
expect_status 1
expect_out "not signed with the key that was given"
run "$SHAREWATCH" verify "$LOG" --key "no-key"
expect_status 3
expect_err "this is no public key"
run "$SHAREWATCH" monitor --broker mqtt://127.0.0.1:1 --log "$LOG" --key-dir "$WORK/others"
expect_status 3
expect_err "did not hand over"
chmod 644 "$WORK/others/token.key"
run "$SHAREWATCH" keys show --key-dir "$WORK/others"
expect_out "others than its owner may read this key"
chmod 600 "$WORK/others/token.key"
run "$SHAREWATCH" keys create --key-dir "$WORK/others"
expect_status 3
expect_err "there already"
before=$(cat "$WORK/others/token.key")
run "$SHAREWATCH" keys rotate token --key-dir "$WORK/others"
expect_status 0
expect_out "cannot be linked"
[ "$before" != "$(cat "$WORK/others/token.key")" ] || fail "the token key is the old one"

# A head that a witness keeps: the log of before is told from that of today, whoever has the key.
sqlite3 "$LOG" "SELECT note || char(10) FROM checkpoint" >"$WORK/witness"
run "$SHAREWATCH" verify "$LOG" --witness "$WORK/witness"
expect_status 0
expect_out "witnessed by 1 of 1"
run "$SHAREWATCH" verify "$WORK/old.db" --witness "$WORK/witness"
expect_status 1
expect_out "cut off or rolled back"
run "$SHAREWATCH" run "$SOURCE/scenarios/sister-agency" --speed max --no-dashboard --log "$WORK/two.db"
expect_status 0
run "$SHAREWATCH" verify "$WORK/two.db" --witness "$WORK/witness"
expect_status 0
expect_out "witnessed by nobody"
echo garbage >>"$WORK/witness"
run "$SHAREWATCH" verify "$LOG" --witness "$WORK/witness"
expect_status 3
expect_err "is no checkpoint"

# A live monitor publishes its heads, and appends them.
start_broker
"$SHAREWATCH" monitor --broker "mqtt://127.0.0.1:$port" --log "$WORK/told.db" --witness "$WORK/told" 2>"$WORK/told.err" &
monitor=$!
cleanup='kill $monitor $broker 2>/dev/null'
wait_for 30 grep -q "^sharewatch.log/" "$WORK/told" || fail "no head in the witness's file"
mosquitto_sub -p "$port" -t 'sharewatch/v1/checkpoint/+' -C 1 -W 30 >"$WORK/published" || fail "no head was published"
head -n 1 "$WORK/published" | grep -q "^sharewatch.log/" || fail "what was published is no head"
kill $monitor; wait $monitor
run "$SHAREWATCH" verify "$WORK/told.db" --witness "$WORK/told,$WORK/published"
expect_status 0
expect_out "witnessed by 2 of 2"

# One alert, proven without the log; every changed character is found.
run "$SHAREWATCH" prove "$LOG" 99
expect_status 3
expect_err "has no sealed alert 99"
for alert in $(sqlite3 "$LOG" "SELECT id FROM alert"); do
    run "$SHAREWATCH" prove "$LOG" "$alert" --out "$WORK/proof"
    expect_status 0
    run "$SHAREWATCH" verify --proof "$WORK/proof" --key "$KEYS/signing.pub"
    expect_status 0
    expect_out "the proof holds"
    expect_out "alert.sentence = $(sqlite3 "$LOG" "SELECT sentence FROM alert WHERE id = $alert")"
done
expect_out "as given"
run "$SHAREWATCH" verify --proof "$WORK/proof" --key "$WORK/others/signing.pub"
expect_status 1
expect_out "not signed with the key that was given"
size=$(stat -c %s "$WORK/proof")
for at in $(seq 3 97 $((size - 2))); do
    { head -c "$at" "$WORK/proof"; tail -c +$((at + 1)) "$WORK/proof" | head -c 1 | tr 'A-Za-z0-9+/ =\n' 'B-ZAb-za1-90/+_x '
      tail -c +$((at + 2)) "$WORK/proof"; } >"$WORK/changed"
    cmp -s "$WORK/proof" "$WORK/changed" && continue
    run "$SHAREWATCH" verify --proof "$WORK/changed" --key "$KEYS/signing.pub"
    expect_status 1
    expect_out "does NOT hold"
done
run "$SHAREWATCH" prove "$LOG" 1 --withhold-chain --out "$WORK/proof"
expect_status 0
run "$SHAREWATCH" verify --proof "$WORK/proof"
expect_status 0
expect_no_out "alert.chain"
run "$SHAREWATCH" verify --proof "$WORK/nowhere"
expect_status 3

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
expect_err "sharewatch replay $LOG --to NEW"
run "$SHAREWATCH" prove "$LOG" 1
expect_status 3
expect_err "nothing in it can be proven"
