#!/usr/bin/env bash
# `sharewatch import`: audit files into a report and a log, through the real pipeline.
. "$(dirname "$0")/../support/system.sh"
DATA=$SOURCE/tests/data/flock
LOG=$WORK/audit.db
sql() { sqlite3 -batch "$LOG" "$1"; }
expect_sql() {
    local got; got=$(sql "$1")
    [ "$got" = "$2" ] || fail "'$1' gives '$got' instead of '$2'" 1
}

run "$SHAREWATCH" import
expect_status 2
run "$SHAREWATCH" import vigilant x.csv
expect_status 2
expect_err "there is no importer 'vigilant'"

# The report alone: searches, not rows, and the share that nobody can assess.
run "$SHAREWATCH" import flock "$DATA/network_5.csv" --agency LAPD
expect_status 0
expect_out "1 file: 6 rows, 6 searches"
expect_out "cannot be assessed                          6  100.00 %"

run "$SHAREWATCH" import flock "LAPD=$DATA/network_13.csv" "Oakland CA PD=$DATA/network_8.csv" \
    "Fresno CA PD=$DATA/network_11.csv" "$DATA/network_5.csv" "LAPD=$DATA/events.csv" --log "$LOG"
expect_status 0
expect_out "5 files: 44 rows, 10 searches, 25 copies of them, 6 changes of sharing, 2 quarantined"
expect_out "network_8.csv: network audit of OAKLAND-CA-PD"
expect_sql "SELECT count(*) FROM event WHERE action = 'search' AND payload NOT LIKE '%swcorrects%'" 10
expect_sql "SELECT count(*) FROM evidence" 41
expect_sql "SELECT count(*) FROM evidence WHERE masks > 0" 1
expect_sql "SELECT count(*) FROM event WHERE synthetic = 1" 0
expect_sql "SELECT reason || ':' || field FROM quarantine ORDER BY id" \
"share_unclear:row 8, line 17
share_unclear:row 9, line 18"
# Each quarantined row can be found again in its file: by digest, place and length.
expect_sql "SELECT lower(hex(digest)) FROM quarantine LIMIT 1" "$(sha256sum <"$DATA/events.csv" | cut -c1-64)"

# What was judged. A search by another state reaches the cameras through the vendor's pool; one that
# an agency of California made moves nothing out; the law still looks at its purpose.
verdict() {
    sql "SELECT coalesce(edge, '-') || ' ' || verdict || '/' || level FROM hop JOIN event ON event.id = hop.event
         WHERE payload LIKE '%$1%' AND revision = 0"
}
expect_verdict() {
    local got; got=$(verdict "$1")
    [ "$got" = "$2" ] || fail "$1 is '$got' instead of '$2'" 1
}
expect_verdict '"ICE hold"' "- PROH/3"
expect_verdict '"immigration"' "E24 PROH/3"
expect_verdict '"stolen vehicle"' "E24 PROH/0"
expect_verdict 'METRO-TASK-GROUP' "- REVIEW/0"
expect_verdict 'meth ice seizure' ""
expect_verdict '"national","trigger"' "E24 PROH/0
E24 NONE/0"
expect_sql "SELECT count(*) FROM alert WHERE rule = 'a05_national_share'" 1
expect_sql "SELECT count(*) FROM alert WHERE edge = 'E23'" 0

# Another agency's copy showed a reason that the first had vague: judged again, not rewritten.
expect_sql "SELECT count(*) FROM event WHERE payload LIKE '%swcorrects%'" 2

# Nothing of a person anywhere in the log.
for secret in 7ABC123 01/31/1990 555-0100 25-012345; do
    ! grep -qa -- "$secret" "$LOG" "$LOG-wal" || fail "the log holds $secret"
done

# The same again adds nothing.
before=$(sql "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM evidence)")
run "$SHAREWATCH" import flock "LAPD=$DATA/network_13.csv" "Fresno CA PD=$DATA/network_11.csv" --log "$LOG" --json
expect_status 0
expect_out '"logged_before":10'
[ "$(sql "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM evidence)")" = "$before" ] ||
    fail "a second import changed the log"

# Files that are no CSV are named; the others are imported.
printf 'PK\003\004' >"$WORK/audit.xlsx"
run "$SHAREWATCH" import flock "$WORK/audit.xlsx" "$DATA/portal.csv" "$WORK/missing.csv"
expect_status 3
expect_out "5 searches"
expect_err "audit.xlsx: a spreadsheet"
expect_err "missing.csv: it cannot be read"

# What a spreadsheet saves as "Unicode text" is read, whatever the file is called; a spreadsheet that is called CSV is not.
printf 'ID\tOrg Name\tSearch Time\tReason\r\na\tOakland CA PD\t03/08/2025, 09:15:01 AM UTC\tburglary\r\n' |
    iconv -f UTF-8 -t UTF-16 >"$WORK/unicode.xlsx"
run "$SHAREWATCH" import flock "$WORK/unicode.xlsx"
expect_status 0
expect_out "1 row, 1 search, 0 copies"
printf '\320\317\021\340' >"$WORK/audit.csv"
run "$SHAREWATCH" import flock "$WORK/unicode.xlsx" "$WORK/audit.csv"
expect_status 3
expect_out "1 search"
expect_err "audit.csv: a spreadsheet"
expect_err "save it as CSV"

run "$SHAREWATCH" import flock "$DATA/events.csv" --strict
expect_status 1

# ---- tokens: with a key, the same vehicle and the same case can be linked, and nothing can be read ----
KEYS=$WORK/keys
cat >"$WORK/plates.csv" <<'CSV'
ID,Org Name,Total Networks Searched,Search Time,Reason,Case #,License Plate
11111111-0b6e-4b7e-9c39-000000000001,Oakland CA PD,5,"03/08/2025, 09:15:01 AM UTC",stolen vehicle,25-0123,7ABC123
11111111-0b6e-4b7e-9c39-000000000002,Oakland CA PD,5,"03/08/2025, 09:16:01 AM UTC",stolen vehicle,25 0123,7abc-123
11111111-0b6e-4b7e-9c39-000000000003,Oakland CA PD,5,"03/08/2025, 09:17:01 AM UTC",stolen vehicle,,***
11111111-0b6e-4b7e-9c39-000000000004,Oakland CA PD,5,"03/08/2025, 09:18:01 AM UTC",stolen vehicle,***,"8XYZ987,6QRS555"
CSV
run "$SHAREWATCH" import flock "$WORK/plates.csv" --log "$WORK/plain.db" --key-dir "$KEYS"
expect_status 3
run "$SHAREWATCH" import flock "$WORK/plates.csv" --log "$WORK/plain.db"
expect_status 0
expect_out "Tokens: none were made"
[ "$(sqlite3 "$WORK/plain.db" "SELECT count(*) FROM event WHERE payload LIKE '%_tok%'")" = 0 ] || fail "tokens without a key"
run "$SHAREWATCH" keys create --key-dir "$KEYS"
expect_status 0
run "$SHAREWATCH" import flock "$WORK/plates.csv" --log "$WORK/tokens.db" --key-dir "$KEYS"
expect_status 0
expect_out "Tokens: of 2 plates and 2 case numbers"
[ "$(sqlite3 "$WORK/tokens.db" "SELECT count(payload ->> '\$.data.vehicle_tok'), count(DISTINCT payload ->> '\$.data.vehicle_tok'),
    count(payload ->> '\$.data.case_tok'), count(DISTINCT payload ->> '\$.data.case_tok') FROM event")" = "2|1|2|1" ] ||
    fail "one vehicle or one case has several tokens"
for secret in 7ABC123 7abc-123 8XYZ987 6QRS555 25-0123 250123; do
    ! grep -qa -- "$secret" "$WORK"/tokens.db* || fail "the log holds $secret"
done

# ---- one search in the logs of eighteen agencies, under other masks, is one search ----
files=()
for i in $(seq 18); do
    reason="stolen vehicle"; [ $((i % 3)) -ne 0 ] || reason="***"
    printf 'ID,Name,Org Name,Total Networks Searched,Search Time,Reason\n%s,U%s,Oakland CA PD,347,"03/08/2025, 10:00:00 AM UTC",%s\n' \
        22222222-0b6e-4b7e-9c39-000000000001 "$i" "$reason" >"$WORK/of-$i.csv"
    files+=("Agency $i CA PD=$WORK/of-$i.csv")
done
run "$SHAREWATCH" import flock "${files[@]}" --log "$WORK/eighteen.db"
expect_status 0
expect_out "18 files: 18 rows, 1 search, 17 copies of them"
[ "$(sqlite3 "$WORK/eighteen.db" "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM evidence)")" = "1|18" ] ||
    fail "one search is several events, or has not eighteen rows of evidence"
