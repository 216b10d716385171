#!/usr/bin/env bash
# agree_test.sh SCENARIO…: a scenario through a real broker into a log, and the same one rehearsed in
# process, must give the same rows: judgements, findings, alerts, chains, gaps, refusals. All that may
# differ is when they were logged.
. "$(dirname "$0")/../support/system.sh"

# $1: log. Ids of events are the serial numbers in front of the sender's ids, and as such numbers.
rows_of() {
    sqlite3 -separator '|' "$1" <<'END'
CREATE TEMP VIEW serial AS SELECT id, CAST(event_id AS INTEGER) AS n FROM event;
SELECT 'hop', e.n, h.revision, coalesce(c.n, 0), chain, coalesce(edge, ''), coalesce(from_node, ''),
       coalesce(to_node, ''), coalesce(data_class, ''), crosses, level, verdict, duties, fed_reach, late, ts_event
    FROM hop h JOIN serial e ON e.id = h.event LEFT JOIN serial c ON c.id = h.cause;
SELECT 'finding', e.n, h.revision, r.name, coalesce(f.verdict, ''), coalesce(missing, '')
    FROM finding f JOIN hop h ON h.id = f.hop JOIN serial e ON e.id = h.event
    JOIN rule r ON r.policy_id = f.policy_id AND r.rule = f.rule;
SELECT 'told', e.n, h.revision, h.alert FROM hop h JOIN serial e ON e.id = h.event WHERE h.alert IS NOT NULL;
SELECT 'alert', id, level, verdict, coalesce(edge, ''), title, sentence, path FROM alert;
SELECT 'chain', chain, revision, e.n, level, verdict, duties, fed_reach, hops, first_ms, last_ms
    FROM chain c JOIN serial e ON e.id = c.event;
SELECT 'gap', s.name, first, last, filled FROM gap JOIN source s ON s.id = source_id;
SELECT 'refused', reason, position, field, bytes FROM quarantine;
END
}

# $1: scenario, $2: variant or nothing
agree() {
    local folder=$SOURCE/scenarios/$1 log=$WORK/$1${2:+-$2}.db
    run "$SHAREWATCH" run "$folder" ${2:+--variant "$2"} --speed max --no-dashboard --log "$log"
    expect_status 0
    run rows_of "$log"
    expect_status 0
    sort "$WORK/out" >"$WORK/live"
    run "$REHEARSED" "$folder" ${2:+"$2"}
    expect_status 0
    sort "$WORK/out" >"$WORK/rehearsed"
    diff "$WORK/live" "$WORK/rehearsed" >"$WORK/out" || fail "$1 ${2:-}: live (<) and rehearsed (>) differ"
    [ -s "$WORK/live" ] || fail "$1 ${2:-}: there is nothing to compare"
    echo "$1 ${2:-}: $(wc -l <"$WORK/live") rows agree"
    rm "$log"*
}

for scenario in "$@"; do
    variants=$("$SHAREWATCH" sim "$SOURCE/scenarios/$scenario" --list | sed -n 's/^  --variant \([^ ]*\).*/\1/p')
    for variant in ${variants:-''}; do
        agree "$scenario" "$variant"
    done
done
