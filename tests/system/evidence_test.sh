#!/usr/bin/env bash
# `sharewatch evidence`: one alert as a file that can be read without sharewatch.
. "$(dirname "$0")/../support/system.sh"
export XDG_RUNTIME_DIR=$WORK/runtime; mkdir -p "$XDG_RUNTIME_DIR"
LOG=$WORK/log.db
sql() { sqlite3 -batch "$LOG" "$1"; }
json() { sqlite3 :memory: "SELECT json_extract(readfile('$WORK/out'), '$1')"; }
expect_json() {
    local got; got=$(json "$1")
    [ "$got" = "$2" ] || fail "$1 is '$got' instead of '$2'" 1
}

run "$SHAREWATCH" evidence
expect_status 2
run "$SHAREWATCH" evidence "$LOG" 1
expect_status 3
expect_err "there is no log at"
run "$SHAREWATCH" run "$SOURCE/scenarios/subject-a" --variant transfer --speed max --no-dashboard --log "$LOG"
expect_status 0
newest=$(sql "SELECT max(id) FROM alert")
run "$SHAREWATCH" evidence "$LOG" 99
expect_status 1
expect_err "there is no alert 99; the log has 1 to $newest; did you mean $newest?"
run "$SHAREWATCH" evidence "$LOG" first
expect_status 2
expect_err "not 'first'"
run "$SHAREWATCH" evidence "$LOG" 1 --redact names
expect_status 2
expect_err "--redact is public"

# ---- in full: everything that the log has of it, digests as they are there ----
id=$(sql "SELECT id FROM alert WHERE verdict = 'PROH' AND edge = 'E10' ORDER BY id LIMIT 1")
chain=$(sql "SELECT chain FROM alert WHERE id = $id")
rule=$(sql "SELECT rule FROM alert WHERE id = $id")
run "$SHAREWATCH" evidence "$LOG" "$id" --json -
expect_status 0
expect_json '$.alert.id' "$id"
expect_json '$.alert.sentence' "$(sql "SELECT sentence FROM alert WHERE id = $id")"
expect_json '$.alert.chain' "$chain"
expect_json '$.law.cite' "$(sql "SELECT cite FROM alert WHERE id = $id")"
expect_json '$.law.policy_sha256' "$(sql "SELECT lower(hex(digest)) FROM policy")"
expect_json '$.edge.map_sha256' "$(sql "SELECT lower(hex(digest)) FROM map")"
expect_json '$.edge.off_switch' "$(sql "SELECT off_switch FROM map_edge WHERE edge = 'E10' LIMIT 1")"
judged=$(sqlite3 :memory: "SELECT group_concat(value ->> '$.judgement', '|') FROM json_each(readfile('$WORK/out'), '\$.hops')")
[ "$(grep -o 'prohibited, level 4 (custody)' <<<"$judged" | wc -l)" = \
    "$(sql "SELECT count(*) FROM hop WHERE chain = '$chain' AND verdict = 'PROH' AND level = 4")" ] || fail "the hops are judged $judged"
[ "$(sqlite3 :memory: "SELECT json_array_length(readfile('$WORK/out'), '\$.hops')")" = "$(sql "SELECT count(*) FROM hop WHERE chain = '$chain'")" ] ||
    fail "not every hop is there"
for digest in $(sql "SELECT lower(hex(digest)) FROM event WHERE id IN (SELECT event FROM hop WHERE chain = '$chain')"); do
    expect_out "$digest"
done
# The rule's own digest is that of its file, and its words stand in it.
file=$(ls "$SOURCE"/monitor/policies/*/"$rule.yml")
expect_json '$.law.rule_sha256' "$(sha256sum <"$file" | cut -c1-64)"
words=$(json '$.law.words')
grep -qF -- "$(cut -c1-30 <<<"$words")" "$file" || fail "the law's words are not the rule's: $words"

# The proof in it holds; with another place in the tree it does not.
sqlite3 :memory: "SELECT writefile('$WORK/proof', json_extract(readfile('$WORK/out'), '\$.seal.proof'))" >/dev/null
run "$SHAREWATCH" verify --proof "$WORK/proof"
expect_status 0
sed '/^index /s/[0-9]*$/1/' "$WORK/proof" >"$WORK/forged"
run "$SHAREWATCH" verify --proof "$WORK/forged"
[ "$status" -ne 0 ] || fail "a forged proof holds"

# ---- to be published: nothing that links the records of a person ----
run "$SHAREWATCH" evidence "$LOG" "$id" --html "$WORK/alert.html" --json "$WORK/alert.json" --redact public
expect_status 0
for form in html json; do
    cp "$WORK/alert.$form" "$WORK/out"
    expect_out "Left out: the key of the chain"
    expect_out "$(sql "SELECT lower(hex(digest)) FROM policy")"
    expect_no_out "$chain"
    expect_no_out "subject_tok"
    expect_no_out "sharewatch-proof-1"
    expect_no_out "<script"
    expect_no_out "$(sql "SELECT strftime('%H:%M:%S', ts_event / 1000, 'unixepoch') FROM alert WHERE id = $id")"
done

# ---- imported events lead back to their row ----
LOG=$WORK/audit.db
run "$SHAREWATCH" import flock "LAPD=$SOURCE/tests/data/flock/network_13.csv" --log "$LOG"
expect_status 0
id=$(sql "SELECT min(alert.id) FROM alert JOIN hop ON hop.id = hop JOIN evidence ON evidence.event = hop.event")
run "$SHAREWATCH" evidence "$LOG" "$id" --json -
expect_status 0
expect_json '$.imported[0].sha256' "$(sha256sum <"$SOURCE/tests/data/flock/network_13.csv" | cut -c1-64)"
expect_json '$.imported[0].row' "$(sql "SELECT min(evidence.row) FROM alert JOIN hop ON hop.id = hop JOIN evidence ON evidence.event = hop.event WHERE alert.id = $id")"
run "$SHAREWATCH" evidence "$LOG" "$id" --html "$WORK/no/such/folder.html"
expect_status 3
expect_err "cannot be written"
