#!/usr/bin/env bash
# Runs one test file of this folder: run.sh NAME. Test packages are installed into the build folder
# once; where Node.js, Debian's Chromium or those packages cannot be had, the test is skipped (77).
#
#   $BUILD        build folder          $DASHBOARD  the program
#   $SHAREWATCH   the name people type  $MAKE_LOG   tests/support/make_log
#   $SOURCE       the source tree
set -eu
for program in node npm chromium; do
    if ! command -v "$program" >/dev/null; then
        echo "$program is not installed: .ci/packages browser"
        exit 77
    fi
done
here=$(cd "$(dirname "$0")" && pwd)
there=$BUILD/tests/browser/run
mkdir -p "$there"
(
    flock 9
    cp "$here"/package.json "$here"/package-lock.json "$here"/*.mjs "$there"
    cd "$there"
    if ! cmp -s package-lock.json node_modules/.installed; then
        npm ci --no-audit --no-fund --loglevel=error || exit 77
        cp package-lock.json node_modules/.installed
    fi
) 9>"$there.lock"
cd "$there"
exec node --test --test-reporter=spec "$1.test.mjs"
