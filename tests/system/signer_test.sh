#!/usr/bin/env bash
# The signer: a process of its own that has the key, and that no log gets past that was put back.
. "$(dirname "$0")/../support/system.sh"
export XDG_STATE_HOME=$WORK/state
KEYS=$WORK/state/sharewatch
LOG=$WORK/log.db
start_broker
cleanup='kill ${monitor:-} $broker 2>/dev/null'

start_monitor() {
    : >"$WORK/status"; : >"$WORK/monitor" # nobody is to read what the one before said
    "$SHAREWATCH" monitor --broker "mqtt://127.0.0.1:$port" --log "$LOG" --status-fd 1 "$@" >>"$WORK/status" 2>>"$WORK/monitor" &
    monitor=$!
    wait_for 60 grep -q ready "$WORK/status" || { cat "$WORK/monitor" >&2; fail "the monitor is not ready"; }
}
stop_monitor() {
    kill $monitor
    wait $monitor || { cat "$WORK/monitor" >&2; fail "the monitor ended with $?"; }
}
number() { sqlite3 -cmd ".timeout 10000" "$LOG" "$1"; }
heads() { number "SELECT count(*) FROM checkpoint"; }
more_heads_than() { [ "$(heads)" -gt "$1" ]; }
said() { grep -qF -- "$1" "$WORK/monitor"; }
status_says() { tail -n 1 "$WORK/status" | grep -qF "\"signer\":\"$1\""; }
last=0
send() {
    last=$((last + 1))
    mosquitto_pub -p "$port" -q 1 -t sharewatch/v1/event/LAPD/plate -m "$(printf '{"specversion":"1.0","id":"e%d","source":"urn:sharewatch:agency:LAPD:hand","type":"org.sharewatch.plate.read.v1","time":"2026-11-24T10:15:00Z","sequence":"%020d","data":{"actor":{"agency":"LAPD"}}}' $last $last)"
    wait_for 60 has_events "${1:-$last}" || fail "event $last is not in the log"
}
has_events() { [ "$(number 'SELECT count(*) FROM event')" -eq "$1" ]; }
signer_of() { pgrep -P "$1" -f "sharewatch-monitor signer"; }

# It is confined, and nobody but it has read the key.
start_monitor
send
wait_for 60 more_heads_than 0 || fail "no head was signed"
signer=$(signer_of $monitor)
[ -n "$signer" ] || fail "there is no signer"
grep -q "^NoNewPrivs:.1" "/proc/$signer/status" || fail "the signer may get more rights"
said "without a sandbox" || grep -q "^Seccomp:.2" "/proc/$signer/status" || fail "the signer is not confined"
if [ "$(id -u)" -eq 0 ]; then
    open=$(ls "/proc/$signer/fd" | wc -l)
    [ "$open" -le 5 ] || fail "the signer has $open files open: $(ls -l "/proc/$signer/fd")"
fi
secret=$(sed -n 's/^sharewatch-signing-1 //p' "$KEYS/signing.key")
[ ${#secret} -eq 64 ] || fail "there is no key"

# It is killed under way: the log goes on, says so, and is signed again.
before=$(heads)
kill -9 "$signer"
wait_for 60 said "the signer was killed by signal 9" || fail "its death was not told"
send
wait_for 60 said "there is a signer again" || fail "no other signer came"
wait_for 60 more_heads_than "$before" || fail "nothing is signed any more"
wait_for 60 status_says signs || fail "the status does not say that it is signed"
[ "$(number "SELECT total FROM loss WHERE what = 'signers_ended'")" -eq 1 ] || fail "the log does not tell of it"
stop_monitor
run "$SHAREWATCH" verify "$LOG" --key "$KEYS/signing.pub"
expect_status 0
! grep -qF "not signed since" "$WORK/out" || fail "an end in order is not signed"

# One that hangs is ended, and another takes its place.
start_monitor --signer-timeout 5
kill -STOP "$(signer_of $monitor)"
before=$(heads)
send
wait_for 120 said "the signer has not answered for 5 s and is ended" || fail "it waits for a signer that hangs"
wait_for 60 said "the signer was killed by signal 9" || fail "a signer that hangs was not ended"
wait_for 200 said "there is a signer again" || fail "no other signer came"
wait_for 120 more_heads_than "$before" || fail "nothing is signed any more"
stop_monitor
run "$SHAREWATCH" verify "$LOG" --key "$KEYS/signing.pub"
expect_status 0
expect_no_out "not signed since"

# It cannot be started while the monitor runs, until the key is back: that is told as well.
start_monitor
mv "$KEYS/signing.key" "$WORK/away"; mkdir "$KEYS/signing.key"
kill -9 "$(signer_of $monitor)"
wait_for 60 said "the log goes on without signatures: " || fail "a signer without a key was not told of"
wait_for 60 status_says away || fail "the status does not say that nobody signs"
send
run "$SHAREWATCH" verify "$LOG"
expect_status 0
expect_out "not signed since 2"
rmdir "$KEYS/signing.key"; mv "$WORK/away" "$KEYS/signing.key"
wait_for 200 said "there is a signer again" || fail "no signer came back"

# The key is replaced under way: the next signer has the new one, and the old one handed over.
run "$SHAREWATCH" keys rotate signing
expect_status 0
kill -9 "$(signer_of $monitor)"
has_signers() { [ "$(number 'SELECT count(*) FROM signer')" -eq "$1" ]; }
wait_for 200 has_signers 2 || fail "the log does not name the new key"
before=$(heads)
send
wait_for 120 more_heads_than "$before" || fail "nothing is signed with the new key"
stop_monitor
run "$SHAREWATCH" verify "$LOG" --key "$KEYS/signing.pub"
expect_status 0
expect_out "as given"

# What the signer remembers is a witness of the log.
name=$(number "SELECT substr(name, instr(name, '/') + 1) FROM origin")
memory=$KEYS/heads/$name
run "$SHAREWATCH" verify "$LOG" --witness "$memory"
expect_status 0
expect_out "witnessed by 1 of 1"

# The log is put back to an older state: it is whole by itself, and refused.
cp "$LOG" "$WORK/older.db"; rm -f "$LOG-wal" "$LOG-shm"
start_monitor
send
stop_monitor
cp "$LOG" "$WORK/newer.db"
rm -f "$LOG"* ; cp "$WORK/older.db" "$LOG"
run "$SHAREWATCH" verify "$LOG" --key "$KEYS/signing.pub"
expect_status 0
start_monitor
wait_for 60 said "INTEGRITY: the signer refuses log $LOG" || fail "a log that was put back was not refused"
said "sharewatch keys accept $LOG" || fail "it does not say what to do"
wait_for 60 status_says refused || fail "the status does not say so"
run "$SHAREWATCH" keys accept "$LOG"
expect_status 3
expect_err "stop the monitor first"
before=$(heads)
send $((last)) # its events are logged all the same
stop_monitor
said "the end of log $LOG is not signed" || fail "the end is not told of"
[ "$(heads)" -eq "$before" ] || fail "a refused head was signed"
[ "$(number "SELECT total FROM loss WHERE what = 'heads_refused'")" -eq 1 ] || fail "the log does not tell of it"
run "$SHAREWATCH" verify "$LOG"
expect_status 0
expect_out "not signed since 2"
run "$SHAREWATCH" verify "$LOG" --witness "$memory"
expect_status 1
run "$SHAREWATCH" import flock "LAPD=$SOURCE/tests/data/flock/network_13.csv" --log "$LOG"
expect_status 3
expect_err "INTEGRITY"
run "$SHAREWATCH" prune "$LOG"
expect_status 3
expect_err "INTEGRITY"

# It was put back on purpose.
run "$SHAREWATCH" keys accept "$LOG"
expect_status 0
expect_out "Accepted"
start_monitor
said "has no memory of log" || fail "it does not tell that it takes the log as it is"
wait_for 60 more_heads_than "$before" || fail "an accepted log is not signed"

# A copy of it beside it: only one of the two is signed.
cp "$WORK/older.db" "$WORK/copy.db"
run timeout 120 "$SHAREWATCH" monitor --broker "mqtt://127.0.0.1:$port" --client-id other --log "$WORK/copy.db"
expect_status 3
expect_err "another signer signs this log"
stop_monitor
run "$SHAREWATCH" verify "$LOG" --key "$KEYS/signing.pub"
expect_status 0

# A memory that somebody changed, and a log that is not whole.
echo nonsense >"$memory"
run "$SHAREWATCH" monitor --broker "mqtt://127.0.0.1:$port" --log "$LOG"
expect_status 3
expect_err "Find out who changed it"

# What it remembers is listed, and a memory is let go; not while a signer is at work on the log.
run "$SHAREWATCH" keys show
expect_status 0
expect_out "head     $name: is no signed head"
grep -qE "^head     $name\.[0-9]+: log sharewatch.log/$name, [0-9]+ entries, signed 2" "$WORK/out" || fail "what was set aside is not listed"
for other in nobody ../signing.key ""; do
    run "$SHAREWATCH" keys forget "$other"
    expect_status 1
    expect_err "remembers none of that name"
done
[ -f "$KEYS/signing.key" ] || fail "a key was deleted"
exec 9<"$memory"; flock -x 9
run "$SHAREWATCH" keys forget "$name"
expect_status 3
expect_err "a signer is at work"
exec 9<&-
run "$SHAREWATCH" keys forget "$name"
expect_status 0
expect_out "the next signer takes it as it is"
[ ! -e "$memory" ] || fail "it is not forgotten"
number "UPDATE event SET kind = 'booking' WHERE id = 1"
run "$SHAREWATCH" keys accept "$LOG"
expect_status 1
expect_err "is not whole and is not accepted"
