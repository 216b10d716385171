# For the system tests in bash: source it first. It gives each test a folder of its own that is removed
# at the end, and checks that say what was expected and what came instead.
#
#   $SHAREWATCH   the program under test           $WORK   the test's own folder
#   run COMMAND…                 runs it; $status, $WORK/out and $WORK/err have what came
#   expect_status N              of the last run
#   expect_out TEXT, expect_err TEXT     a line of it holds TEXT (a fixed string)
#   expect_no_out TEXT           no line holds TEXT
#   fail MESSAGE                 tells where and ends the test
set -u
SHAREWATCH=${SHAREWATCH:?set by ctest}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/sharewatch-test.XXXXXX")
status=0
# A test sets `cleanup` to what must end with it; it runs before the folder goes.
cleanup=:
trap 'code=$?; eval "$cleanup"; rm -rf "$WORK"; exit $code' EXIT
trap 'exit 1' INT TERM

fail() {
    echo "FAILED at line ${BASH_LINENO[${2:-0}]}: $1" >&2
    echo "--- standard output:" >&2; head -c 4000 "$WORK/out" >&2
    echo "--- standard error:" >&2; head -c 4000 "$WORK/err" >&2
    exit 1
}
: >"$WORK/out"; : >"$WORK/err"

run() {
    "$@" >"$WORK/out" 2>"$WORK/err" </dev/null
    status=$?
}

expect_status() {
    [ "$status" -eq "$1" ] || fail "exit status $status instead of $1" 1
}
expect_out() {
    grep -qF -- "$1" "$WORK/out" || fail "standard output lacks: $1" 1
}
expect_err() {
    grep -qF -- "$1" "$WORK/err" || fail "standard error lacks: $1" 1
}
expect_no_out() {
    ! grep -qF -- "$1" "$WORK/out" || fail "standard output has: $1" 1
}

# Waits up to $1 seconds for the rest to succeed.
wait_for() {
    local tries=$(($1 * 20)); shift
    while ! "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05
    done
}

free_port() {
    local try
    while :; do
        try=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$try") 2>/dev/null || break
    done
    echo "$try"
}

# A broker of the test's own on $port, its process is $broker; on port $1 if that is given.
start_broker() {
    local mosquitto tries=5
    mosquitto=$(PATH=$PATH:/usr/sbin command -v mosquitto) || fail "mosquitto is not installed"
    while :; do
        port=${1:-$(free_port)}
        printf 'listener %s 127.0.0.1\nallow_anonymous true\nlog_dest none\nmax_queued_messages 0\n' "$port" >"$WORK/broker.conf"
        [ "$(id -u)" -ne 0 ] || echo 'user root' >>"$WORK/broker.conf"
        "$mosquitto" -c "$WORK/broker.conf" >/dev/null 2>&1 &
        broker=$!
        wait_for 5 mosquitto_pub -p "$port" -t x -m x && kill -0 $broker 2>/dev/null && return
        tries=$((tries - 1))
        [ $tries -gt 0 ] || fail "no broker could be started"
    done
}
