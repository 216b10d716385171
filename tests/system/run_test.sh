#!/usr/bin/env bash
# `sharewatch run`: the central case end to end, what is told when something is missing, and that
# nothing is left behind whatever is killed.
. "$(dirname "$0")/../support/system.sh"
mkdir "$WORK/here" && cd "$WORK/here"
subject=$SOURCE/scenarios/subject-a
# The broker's folder goes here, where no other test looks.
export XDG_RUNTIME_DIR=$WORK/runtime
mkdir "$XDG_RUNTIME_DIR"

# start OPTIONS…: a run in the background; its process is $runner, what it says is in out and err.
start() {
    "$SHAREWATCH" run "$subject" "$@" >"$WORK/out" 2>"$WORK/err" </dev/null &
    runner=$!
    cleanup='kill -KILL $runner 2>/dev/null'
}
child() { # of the runner, by a word of its command line
    local pid
    for pid in $(ps -o pid= --ppid "$runner"); do
        if tr '\0' ' ' <"/proc/$pid/cmdline" | grep -q "$1"; then echo "$pid"; return 0; fi
    done
    return 1
}
# The simulator has begun: all children are there, in $children.
wait_until_it_runs() {
    wait_for 20 child "sharewatch sim" || fail "the simulator did not start" 1
    children=$(ps -o pid= --ppid "$runner")
    [ "$(wc -w <<<"$children")" -eq 3 ] || fail "not three children: $children" 1
}
gone() {
    local pid
    for pid in $children; do
        # One that nobody waits for any more is as good as gone.
        if kill -0 "$pid" 2>/dev/null && ! grep -q '^State:.Z' "/proc/$pid/status" 2>/dev/null; then
            return 1
        fi
    done
}
expect_nothing_left() {
    wait_for 5 gone || fail "children are left: $(ps -o pid=,args= -p "$(tr -s ' \n' ',' <<<"$children" |
        sed 's/^,//; s/,$//')")" 1
    [ "${1:-}" = folder ] || [ -z "$(ls "$XDG_RUNTIME_DIR")" ] || fail "a folder is left" 1
}
count() { sqlite3 "$WORK/$1/log.db" "SELECT count(*) FROM $2"; }

# ---- the main job ----
run "$SHAREWATCH" run "$subject" --speed max
expect_status 0
expect_out "Subject A"
expect_out "got as far as custody"
expect_out "No local rule was broken"
expect_no_out "broke off"
expect_out "13 events"
expect_out "0 missing, 0 in quarantine"
log=$(sed -n 's/^log  \(out[^ ]*\)$/\1/p' "$WORK/out")
[ -f "$log" ] || fail "there is no log at '$log'"
[ "$(sqlite3 "$log" 'SELECT count(*) FROM event')" -eq 13 ] || fail "not every event is in the log"
# The example that the summary gives works as it stands.
sed -n 's/^  \(sqlite3 .*\)$/\1/p' "$WORK/out" >"$WORK/example"
[ -s "$WORK/example" ] || fail "the summary gives no example"
bash "$WORK/example" | grep -q '|E04|' || fail "the example shows no hop over E04"

# ---- --expect: the step that was judged otherwise is named ----
mkdir "$WORK/changed"
sed '/^  E04:/s/verdict: AUTO/verdict: PROH/' "$subject/scenario.yaml" \
    >"$WORK/changed/scenario.yaml"
run "$SHAREWATCH" run "$subject" --speed max --expect --log "$WORK/expected.db"
expect_status 0
run "$SHAREWATCH" run "$WORK/changed" --speed max --expect --log "$WORK/changed.db"
expect_status 1
expect_out "booked.e04"
expect_out "$WORK/changed/scenario.yaml:"

# ---- what is missing is told in one clear sentence ----
run env SHAREWATCH_MOSQUITTO=/nowhere/mosquitto "$SHAREWATCH" run "$subject" --log "$WORK/a.db"
expect_status 3
expect_err "apt-get install mosquitto"
start_broker
run "$SHAREWATCH" run "$subject" --port "$port" --log "$WORK/b.db"
expect_status 3
expect_err "port $port of 127.0.0.1 is taken"
kill $broker
run "$SHAREWATCH" run "$subject" --policy no-such-pack --log "$WORK/c.db"
expect_status 3
expect_err "no-such-pack"
run "$SHAREWATCH" run "$WORK/nothing-here"
expect_status 3
expect_err "nothing-here"

# ---- Ctrl-C ends in order, twice at once ----
start --speed 1 --log "$WORK/d.db"
wait_until_it_runs
kill -INT "$runner"
wait "$runner"
status=$?
expect_status 130
expect_out "The run broke off: what follows is of the events that were logged until then."
expect_nothing_left

start --speed 1 --log "$WORK/e.db"
wait_until_it_runs
monitor=$(child "sharewatch monitor")
kill -STOP "$monitor"
kill -INT "$runner"
wait_for 5 grep -q "once more" "$WORK/err" || fail "the first Ctrl-C is not answered"
before=$SECONDS
kill -INT "$runner"
wait "$runner"
status=$?
expect_status 130
[ $((SECONDS - before)) -le 3 ] || fail "the second Ctrl-C took $((SECONDS - before)) s"
expect_nothing_left

# ---- the supervisor is killed: nobody survives it ----
start --speed 1 --log "$WORK/f.db"
wait_until_it_runs
kill -KILL "$runner"
wait "$runner" 2>/dev/null
expect_nothing_left folder
# The next run removes the folder that this one could not.
run "$SHAREWATCH" run "$subject" --speed max --log "$WORK/f2.db"
expect_status 0
expect_nothing_left

# ---- a child is killed: it is told, started again, and nothing is lost ----
for victim in "sharewatch monitor" "sharewatch sim" mosquitto; do
    mkdir "$WORK/${victim##* }"
    start --speed 1800 --pause-max 1s --log "$WORK/${victim##* }/log.db"
    wait_until_it_runs
    sleep 1
    kill -KILL "$(child "$victim")"
    wait "$runner"
    status=$?
    expect_status 0
    expect_err "was killed by signal 9 (Killed); it is started again"
    expect_out "No local rule was broken"
    [ "$(count "${victim##* }" event)" -eq 13 ] || fail "$victim: events are lost or come twice"
    [ "$(count "${victim##* }" gap)" -eq 0 ] || fail "$victim: there are gaps"
done

# ---- on a terminal: a progress line that is written over, and alerts above it ----
TERM=xterm script -qec "'$SHAREWATCH' run '$subject' --speed 3600 --pause-max 500ms --log '$WORK/g.db'" \
    "$WORK/tty" >/dev/null </dev/null
cp "$WORK/tty" "$WORK/out"
expect_out "s behind"
expect_out "page http://127.0.0.1:"
expect_out "automatic"
expect_out "got as far as custody"

# ---- with --keep the page and the broker stay; an event sent by hand is judged; Ctrl-C is a good end ----
start --speed max --keep --log "$WORK/h.db"
wait_for 20 grep -q "stays until Ctrl-C" "$WORK/out" || fail "it does not stay"
expect_out "got as far as custody"
port=$(sed -n 's/.*mosquitto_pub -h 127.0.0.1 -p \([0-9]*\) .*/\1/p' "$WORK/out")
password=$(sed -n 's/.*"$(cat \([^)]*\))".*/\1/p' "$WORK/out")
children=$(ps -o pid= --ppid "$runner")
[ "$(wc -w <<<"$children")" -eq 3 ] || fail "not broker, monitor and dashboard: $children"
"$SHAREWATCH" watch --broker "mqtt://127.0.0.1:$port" --username sharewatch --password-file "$password" \
    --limit 1 >"$WORK/watched" 2>"$WORK/watcher" &
watcher=$!
cleanup='kill -KILL $runner $watcher 2>/dev/null'
wait_for 10 grep -q "connected to" "$WORK/watcher" || fail "watch does not connect"
mosquitto_pub -p "$port" -u sharewatch -P "$(cat "$password")" -q 1 -t sharewatch/v1/event/LAPD/plate -m '
  {"specversion": "1.0", "id": "p-1", "source": "urn:sharewatch:agency:LAPD",
   "type": "org.sharewatch.plate.search.v1", "time": "2026-11-24T10:15:00Z",
   "data": {"actor": {"agency": "LAPD", "system": "LAPD-ALPR"}, "reason": "ICE hold"}}'
wait_for 5 grep -q "PROH    3 informed" "$WORK/out" || fail "the event sent by hand is not judged"
wait "$watcher" || fail "watch does not end well: $?"
grep -q "PROH    3 informed  City staff search plates" "$WORK/watched" || fail "the alert did not come over MQTT"
kill -INT "$runner"
wait "$runner"
status=$?
expect_status 0
expect_nothing_left
