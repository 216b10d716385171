#!/usr/bin/env bash
# `sharewatch check` on files that people got wrong.
. "$(dirname "$0")/../support/system.sh"

run "$SHAREWATCH" check
expect_status 2
expect_err "FILE|DIR… is missing"

run "$SHAREWATCH" check "$WORK/nowhere.yaml"
expect_status 3
expect_out "$WORK/nowhere.yaml"

printf 'map: x\nnodes:\n  A: {name: a\n' >"$WORK/broken.yaml"
run "$SHAREWATCH" check "$WORK"
expect_status 1
expect_out "$WORK/broken.yaml:"
expect_out "1 file checked: 1 error"

run "$SHAREWATCH" check --json "$WORK"
expect_status 1
expect_out '"severity":"error"'
expect_no_out "checked:"
