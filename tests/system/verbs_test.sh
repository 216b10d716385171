#!/usr/bin/env bash
# What a person meets first: help, version, and a mistyped verb or option.
. "$(dirname "$0")/../support/system.sh"

run "$SHAREWATCH"
expect_status 2
expect_err "Usage: sharewatch VERB"

run "$SHAREWATCH" --help
expect_status 0
expect_out "Usage: sharewatch VERB"
expect_out "  check "

run "$SHAREWATCH" --version
expect_status 0
grep -qE '^sharewatch [0-9]+\.[0-9]+\.[0-9]+$' "$WORK/out" || fail "no version"

run "$SHAREWATCH" chekc somewhere
expect_status 2
expect_err "there is no verb 'chekc'; did you mean check?"

# Every verb that the help lists and that was built answers --help.
"$SHAREWATCH" --help | sed -n 's/^  \([a-z]*\)  *.*/\1/p' | while read -r verb; do
    run "$SHAREWATCH" "$verb" --help
    grep -q "needs .*No such file" "$WORK/err" && continue
    expect_status 0
    expect_out "Usage: sharewatch $verb"
    cp "$WORK/out" "$WORK/help"
    run "$SHAREWATCH" help "$verb"
    expect_status 0
    cmp -s "$WORK/out" "$WORK/help" || fail "help $verb differs from $verb --help"
    run "$SHAREWATCH" "$verb" --helb
    expect_status 2
    expect_err "helb"
    echo "$verb" >>"$WORK/verbs"
done || exit 1
grep -qx check "$WORK/verbs" || fail "check was not among the verbs"

# A program that is missing is named with its path.
mkdir "$WORK/bin"
cp "$SHAREWATCH" "$WORK/bin/sharewatch"
run "$WORK/bin/sharewatch" check x
expect_status 3
expect_err "$WORK/bin/sharewatch-monitor: No such file or directory"
