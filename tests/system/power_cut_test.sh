#!/usr/bin/env bash
# What the monitor receipted is in the log although the power went: under load the block device is
# copied as it stands at that moment, without what was only in memory, and the copy is looked into.
#
# The log lies on an ext4 file system in a file. Needs root and loop devices; exits with 77, "not run",
# where they are not to be had. $CUTS says how often the power goes (default 5).
. "$(dirname "$0")/../support/system.sh"
name=urn:sharewatch:agency:FLOCK:sim-back-door-1
disk=$WORK/disk; copy=$WORK/copy
monitor=; sim=; subscriber=; broker=
cleanup='kill -9 $sim $monitor $subscriber $broker 2>/dev/null; wait 2>/dev/null; umount "$disk" "$copy" 2>/dev/null'

mkdir "$disk" "$copy"
truncate -s 400M "$WORK/disk.img"
if [ "$(id -u)" -ne 0 ] || ! PATH=$PATH:/usr/sbin mkfs.ext4 -q "$WORK/disk.img" ||
    ! mount -o loop "$WORK/disk.img" "$disk"; then
    echo "not run: needs root, mkfs.ext4 and loop devices"
    exit 77
fi 2>/dev/null

# The highest number that a receipt has promised for the busiest source, or 0.
receipted() {
    sed -nE "s/.*\"source\":\"$name\".*\"sequence\":([0-9]+).*/\1/p" "$WORK/receipts" | tail -n 1
}

start_broker
mosquitto_sub -p "$port" -q 1 -t 'sharewatch/v1/receipt/#' >"$WORK/receipts" &
subscriber=$!
"$SHAREWATCH" monitor --broker "mqtt://127.0.0.1:$port" --log "$disk/log.db" 2>"$WORK/monitor" &
monitor=$!
wait_for 10 test -s "$disk/log.db" || fail "the monitor did not start: $(cat "$WORK/monitor")"
"$SHAREWATCH" sim "$SOURCE/scenarios/back-door" --broker "mqtt://127.0.0.1:$port" 2>"$WORK/sim" &
sim=$!

before=0
for cut in $(seq "${CUTS:-5}"); do
    sleep "0.$((RANDOM % 700 + 300))"
    wait_for 10 eval '[ "$(receipted)" -gt "$before" ]' || fail "no receipts came"
    kill -STOP $monitor
    sleep 0.2 # for the receipts on their way
    promised=$(receipted)
    cp --sparse=always "$WORK/disk.img" "$WORK/cut.img"
    kill -CONT $monitor
    before=$promised

    mount -o loop "$WORK/cut.img" "$copy"
    run sqlite3 "$copy/log.db" "PRAGMA integrity_check;
        SELECT count(*) FROM event JOIN source ON source.id = source_id
        WHERE name = '$name' AND sequence <= $promised"
    umount "$copy"
    expect_status 0
    [ "$(sed -n 1p "$WORK/out")" = ok ] || fail "cut $cut: the log is damaged"
    [ "$(sed -n 2p "$WORK/out")" -eq "$promised" ] ||
        fail "cut $cut: $promised events were receipted, $(sed -n 2p "$WORK/out") of them are in the log"
    echo "cut $cut: all $promised receipted events are there"
done
