#!/usr/bin/env bash
# Makes the pictures of the README, dashboard/pictures/*.png: runs scenarios into one log, opens the
# page over it in Chromium, and takes them; pngquant makes them small. Needs a build with tests in
# build/test, see tests/run.
#
#   tests/browser/pictures.sh [BUILD]
set -eu
cd "$(dirname "$0")/../.."
source=$PWD
build=$(realpath "${1:-$PWD/build/test}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# A day of the city amid cases of a few events each: what is seldom beside what happens all day.
for scenario in false-match stop-data civil-warrant subject-a jail-handover los-angeles-day task-force side-door sister-agency; do
    "$build/bin/sharewatch" run "scenarios/$scenario" --speed max --pause-max 0 --no-dashboard --log "$folder/log.db" >/dev/null
done
there=$build/tests/browser/run
mkdir -p "$there" dashboard/pictures
cp tests/browser/package.json tests/browser/package-lock.json tests/browser/*.mjs "$there"
cd "$there"
[ -d node_modules/playwright-core ] || npm ci --no-audit --no-fund --loglevel=error
SOURCE=$source DASHBOARD=$build/bin/sharewatch-dashboard MAKE_LOG=$build/bin/make_log LOG=$folder/log.db \
    OUT=$source/dashboard/pictures node pictures.mjs
cd "$source/dashboard/pictures"
if command -v pngquant >/dev/null; then
    pngquant --force --ext .png --strip 128 -- *.png
fi
