#!/usr/bin/env bash
# An installation works from wherever it was put, by its own maps, packs and scenarios.
. "$(dirname "$0")/../support/system.sh"
unset SHAREWATCH_DATA
prefix=$WORK/usr
run cmake --install "$(dirname "$SHAREWATCH")/.." --prefix "$prefix"
expect_status 0
cd "$WORK" || fail "no folder"

# A scenario by its name, through a broker, to a log.
run "$prefix/bin/sharewatch" run subject-a --speed max --log "$WORK/log.db"
expect_status 0
expect_out "Did it cross?       Yes: 1 chain got as far as custody."
expect_out "Judged by ca-state+la-city-2024 under the map los-angeles"
run "$prefix/bin/sharewatch" replay "$WORK/log.db"
expect_status 0

# A name that there is not: those there are.
run "$prefix/bin/sharewatch" run subject-z
expect_status 3
expect_err "subject-z: error: is no file, no folder, and no scenario that comes with sharewatch"
expect_err "did you mean subject-a? There are: "
expect_err "stop-data, subject-a, task-force"
# A path: what is beside it.
run "$prefix/bin/sharewatch" run "$SOURCE/scenarios/subjekt-a"
expect_status 3
expect_err "is no file and no folder"
expect_err "did you mean $SOURCE/scenarios/subject-a?"
run "$prefix/bin/sharewatch" run "$SOURCE/scenarios/quite-another/"
expect_status 3
expect_err "in $SOURCE/scenarios there are: back-door"

# It is the installation's own that is read, though the source tree is there as well.
echo 'title: [' >"$prefix/share/sharewatch/scenarios/subject-a/scenario.yaml"
run "$prefix/bin/sharewatch" run subject-a
expect_status 3
expect_err "$prefix/share/sharewatch/scenarios/subject-a/scenario.yaml:"
