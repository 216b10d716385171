#!/usr/bin/env bash
# `sharewatch report`: what laws ask for, equal to what the log holds.
. "$(dirname "$0")/../support/system.sh"
export XDG_RUNTIME_DIR=$WORK/runtime; mkdir -p "$XDG_RUNTIME_DIR"
DATA=$SOURCE/tests/data/flock
sql() { sqlite3 -batch "$1" "$2"; }
make_log() { # SCENARIO VARIANT
    run "$SHAREWATCH" run "$SOURCE/scenarios/$1" --variant "$2" --speed max --no-dashboard --log "$WORK/$1-$2.db"
    expect_status 0
}
# cell TABLE ROW COLUMN: a number of the CSV in $WORK/out; the row is the start of its label.
cell() {
    tr -d '\r' <"$WORK/out" | awk -F'","|",|,"|,' -v t="\"$1" -v r="$2" -v c="$3" '
        $1 == "\"table" { for (i = 2; i <= NF; i++) { gsub(/"/, "", $i); if ($i == c) at = i - NF } next }
        $1 == t && index($2, r) == 1 { gsub(/"/, "", $(NF + at)); print $(NF + at); exit }'
}
expect_cell() {
    local got; got=$(cell "$1" "$2" "$3")
    [ "$got" = "$4" ] || fail "$1, $2, $3 is '$got' instead of '$4'" 1
}

# ---- the command line ----
run "$SHAREWATCH" report
expect_status 2
run "$SHAREWATCH" report "$WORK/none.db"
expect_status 3
expect_err "there is no log at"
echo no log >"$WORK/text.db"
run "$SHAREWATCH" report "$WORK/text.db"
expect_status 3
run "$SHAREWATCH" report "$WORK/none.db" --kind sb54
expect_status 2
expect_err "there is no report 'sb54'; there are: sb54-c1 sb54-c2"
run "$SHAREWATCH" report "$WORK/none.db" --kind transparancy
expect_err "did you mean transparency?"
run "$SHAREWATCH" report "$WORK/none.db" --format pdf
expect_status 2
run "$SHAREWATCH" report "$WORK/none.db" --from 2026-02-01 --to 2026-01-01
expect_status 2
expect_err "--from is not before --to"

# ---- S08: the yearly report on task forces equals what rule R17 counted ----
for variant in b transport c; do
    make_log task-force $variant
    log=$WORK/task-force-$variant.db
    run "$SHAREWATCH" report "$log" --kind sb54-c1 --format csv
    expect_status 0
    counted=$(sql "$log" "SELECT count(*) FROM finding JOIN rule USING (policy_id, rule) WHERE name = 'r17_taskforce_report'")
    expect_cell arrests all all "$counted"
    expect_cell arrests TF-7 all "$counted"
    expect_cell arrests TF-7 "cannot be assessed" 0
    civil=$(sql "$log" "SELECT count(*) FROM event WHERE action = 'arrested' AND payload LIKE '%\"civil_warrant\":true%'")
    expect_cell arrests TF-7 "for immigration enforcement" "$civil"
    for verdict in "PROH:prohibited" "DISC:allowed choice"; do
        expect_cell shared all "${verdict#*:}" \
            "$(sql "$log" "SELECT count(*) FROM hop WHERE edge = 'E13' AND verdict = '${verdict%%:*}'")"
    done
done
[ "$civil" = 0 ] && [ "$counted" = 6 ] || fail "variant c has $counted arrests, $civil of them civil"
run "$SHAREWATCH" report "$WORK/task-force-b.db" --kind sb54-c1
expect_status 0
expect_out "| TF-7 (narcotics; HSI, ICE, LAPD) | 1 | 6 | 0 | 7 |"
expect_out "Gov. Code 7284.6(c)(1)"
expect_out "they tell of no real person"

# ---- S09: transfers, under three sets of rules ----
for variant in a state no-limits; do
    make_log jail-handover $variant
    log=$WORK/jail-handover-$variant.db
    run "$SHAREWATCH" report "$log" --kind sb54-c2 --format csv
    expect_status 0
    for table in transfers offences agencies; do
        for verdict in "PROH:prohibited" "DISC:allowed choice" "REVIEW:needs review: cannot be assessed"; do
            expect_cell $table all "${verdict#*:}" "$(sql "$log" \
                "SELECT count(*) FROM hop JOIN event ON event.id = event WHERE action = 'transferred' AND verdict = '${verdict%%:*}'")"
        done
        expect_cell $table all all 5
    done
    [ $variant = no-limits ] || expect_cell transfers all all "$(sql "$log" \
        "SELECT count(*) FROM finding JOIN rule USING (policy_id, rule) WHERE name = 'r18_transfer_report'")"
    expect_cell transfers "a judge's warrant" all 1
    expect_cell transfers "Proposition 47" all 1
    expect_cell transfers "no conviction" all 2
    sql "$log" "SELECT payload ->> '$.data.charge_offence', count(*) FROM event WHERE action = 'transferred' GROUP BY 1" >"$WORK/offences"
    [ "$(wc -l <"$WORK/offences")" = 5 ] || fail "$(wc -l <"$WORK/offences") offences in the log"
    while IFS='|' read -r offence count; do
        expect_cell offences "$offence" all "$count"
    done <"$WORK/offences"
    expect_cell offences "not recorded" all 0
done
run "$SHAREWATCH" report "$log" --kind ordinance
expect_status 0
expect_out "cannot be assessed from it"
log=$WORK/jail-handover-a.db
run "$SHAREWATCH" report "$log" --kind ordinance --format csv
expect_cell rules all prohibited "$(sql "$log" "SELECT count(*) FROM finding JOIN rule USING (policy_id, rule)
    WHERE cite LIKE '%188441%' AND finding.verdict = 'PROH'")"

# ---- months, and a detainer that was declined ----
make_log subject-a a
log=$WORK/subject-a-a.db
run "$SHAREWATCH" report "$log" --kind directive --format csv
expect_cell requests 2026-03 declined 1
expect_cell activity 2026-06 "cannot be assessed" 1
run "$SHAREWATCH" report "$log" --kind directive --format csv --from 2026-04-01 --to 2026-05-01
expect_cell requests all all 0
run "$SHAREWATCH" report "$log" --format csv
expect_status 0
crossings_agree() { # LOG: each cell of the table, and its sums, by the log's own words
    local level verdict of="FROM hop WHERE revision = (SELECT max(revision) FROM hop AS newer WHERE newer.event = hop.event)"
    for level in 0 1 2 3 4; do
        expect_cell crossings "$level " all "$(sql "$1" "SELECT count(*) $of AND level = $level")"
        for verdict in "PROH:prohibited" "DISC:allowed choice" "REVIEW:needs review: cannot be assessed"; do
            expect_cell crossings "$level " "${verdict#*:}" \
                "$(sql "$1" "SELECT count(*) $of AND level = $level AND verdict = '${verdict%%:*}'")"
        done
    done
    expect_cell crossings all all "$(sql "$1" "SELECT count(DISTINCT event) FROM hop")"
}
crossings_agree "$log"

# ---- a correction counts as what is known today ----
run "$SHAREWATCH" run "$SOURCE/scenarios/false-match" --speed max --no-dashboard --log "$WORK/false-match-a.db"
expect_status 0
run "$SHAREWATCH" report "$WORK/false-match-a.db" --format csv
crossings_agree "$WORK/false-match-a.db"

# ---- plate searches: an imported log, where most cannot be assessed ----
log=$WORK/audit.db
run "$SHAREWATCH" import flock "LAPD=$DATA/network_13.csv" "Oakland CA PD=$DATA/network_8.csv" \
    "Fresno CA PD=$DATA/network_11.csv" "$DATA/network_5.csv" "LAPD=$DATA/events.csv" --log "$log" --json
expect_status 0
names=$(sed 's/.*"names_immigration":\([0-9]*\).*/\1/' "$WORK/out")
run "$SHAREWATCH" report "$log" --kind alpr-access --format csv
expect_status 0
for element in "1 date" "2 plate" "3 user" "3 organisation" "4 purpose"; do
    expect_cell elements "$element" all 10
done
expect_cell elements "1 date" recorded 10
expect_cell elements "2 plate" "cannot be assessed" 10
expect_cell elements "2 plate" "not recorded" 0
[ "$(grep -c '^"accesses"' "$WORK/out")" = 10 ] || fail "not one row a search"
run "$SHAREWATCH" report "$log" --kind transparency --format csv
expect_cell searches all all 10
expect_cell searches all "names immigration" "$names"
searched="FROM event WHERE kind = 'plate' AND action = 'search' AND payload NOT LIKE '%swcorrects%'"
expect_cell reasons all all "$(sql "$log" "SELECT count(*) $searched")"
# A reason that only another copy of the search told came as a correction, and counts.
told=$(sql "$log" "SELECT count(*) $searched AND (payload ->> '\$.data.reason' IS NOT NULL OR event_id IN (SELECT
    payload ->> '\$.swparent' FROM event WHERE payload LIKE '%swcorrects%' AND payload ->> '\$.data.reason' IS NOT NULL))")
[ "$(awk -F'"' '$2 == "reasons" && $4 != "all" && $4 != "none recorded" {n += substr($5, 2)} END {print n}' <(tr -d '\r' <"$WORK/out"))" = "$told" ] ||
    fail "the reasons told are not $told"
expect_cell outside all prohibited "$(sql "$log" "SELECT count(*) FROM hop WHERE verdict = 'PROH' AND revision =
    (SELECT max(revision) FROM hop AS newer WHERE newer.event = hop.event) AND event IN (SELECT id FROM event WHERE
    action IN ('search', 'share') AND payload ->> '\$.data.recipient.agency' IS NOT NULL)")"
crossings_agree "$log"

# ---- a public copy: no small number, no single row ----
run "$SHAREWATCH" report "$log" --kind alpr-access --public -o "$WORK/public.html" --format html
expect_status 0
cp "$WORK/public.html" "$WORK/out"
expect_out "withheld"
expect_out "Left out of this public copy"
expect_no_out "<script"
expect_no_out "ICE hold"
! grep -qE '<td class="n">([1-9]|10)</td>' "$WORK/out" || fail "a small number is published"
run "$SHAREWATCH" report "$log" -o "$WORK/no/such/folder.md"
expect_status 3
expect_err "cannot be written"

# ---- the log is only read ----
run "$SHAREWATCH" report "$log" --kind transparency
[ "$(sql "$log" "SELECT count(*) FROM sqlite_schema WHERE name IN ('fact', 'raw')")" = 0 ] || fail "the log was changed"
