#!/usr/bin/env bash
# What README.md tells people to type is run as it stands there, and gives what stands there.
. "$(dirname "$0")/../support/system.sh"
PATH=$(dirname "$SHAREWATCH"):$PATH:/usr/sbin
mkdir "$WORK/here" && cd "$WORK/here"

# block HEADING N: the Nth fenced block below a heading.
block() {
    awk -v heading="## $1" -v wanted="$2" '
        /^## / { inside = $0 == heading }
        inside && /^```/ { open = !open; if (open) n++; next }
        inside && open && n == wanted { print }' "$SOURCE/README.md"
}

# ---- the first screen: what the demo prints, but for the name of its log ----
awk '/^What comes out of the first/ { inside = 1 }
     inside && /^```/ { if (n++) exit; next }
     inside && n { print }' "$SOURCE/README.md" | sed 's|out/[^ ]*/log.db|LOG|' >"$WORK/promised"
TERM=xterm script -qfec "stty cols 118; exec '$SHAREWATCH' run '$SOURCE/scenarios/subject-a' --speed max \
    --color never --no-dashboard --log '$WORK/demo.db' 2>'$WORK/err'" "$WORK/tty" >/dev/null </dev/null
sed -e '1d;$d' -e 's/\r//' -e "s|$WORK/demo.db|LOG|" "$WORK/tty" | sed -e '${/^$/d}' >"$WORK/out"
cmp "$WORK/out" "$WORK/promised" >&2 || fail "the demo prints another: $(diff "$WORK/out" "$WORK/promised")"

# ---- an event of one's own: the commands, and the output below them ----
# As they stand, on a port that is free, and with the patience that a busy machine asks for.
port=$(free_port)
block "Send an event of your own" 1 | sed "s/1884/$port/g; s/^sleep .*/sleep 6/" >"$WORK/commands"
block "Send an event of your own" 2 >"$WORK/promised"
[ -s "$WORK/commands" ] && [ -s "$WORK/promised" ] || fail "README.md lacks the event's blocks"
setsid bash -e "$WORK/commands" >"$WORK/out" 2>"$WORK/err" </dev/null &
shell=$!
cleanup='kill -- -$shell 2>/dev/null'
for _ in $(seq 300); do
    sleep 0.2
    grep -q "last alert" "$WORK/err" && break
done
cmp "$WORK/out" "$WORK/promised" >&2 || fail "the output is another: $(diff "$WORK/out" "$WORK/promised")"
[ "$(sqlite3 my.db 'SELECT count(*) FROM event')" -eq 3 ] || fail "not every event was taken"
[ "$(sqlite3 my.db 'SELECT count(*) FROM quarantine')" -eq 0 ] || fail "an event is in quarantine"

# ---- the queries work on that log ----
block "Ask the log" 1 >"$WORK/queries"
[ "$(grep -c '^sqlite3 my.db' "$WORK/queries")" -ge 3 ] || fail "README.md lacks the queries"
run bash -e "$WORK/queries"
expect_status 0
expect_out "PROH"

# ---- every verb is in the table ----
"$SHAREWATCH" --help | sed -n 's/^  \([a-z]*\)  *.*/\1/p' >"$WORK/verbs"
while read -r verb; do
    grep -q "^|.*\`sharewatch $verb[ \`]" "$SOURCE/README.md" || fail "README.md does not tell of $verb"
done <"$WORK/verbs"

# ---- the rule ----
mkdir my-pack
block "Write a rule" 1 >my-pack/my_rule.yml
printf 'pack: my-pack\nversion: 2026-11-24\ntitle: Mine\nlayer: city\nabout: A try.\n' >my-pack/pack.yaml
run sharewatch check my-pack
expect_status 0
expect_out "2 files checked: 0 errors"

# ---- the scenario, with what it expects ----
mkdir told-release
block "Write a scenario" 1 >told-release/scenario.yaml
run sharewatch check told-release
expect_status 0
run sharewatch run told-release --expect --speed max --log "$WORK/told.db"
expect_status 0
