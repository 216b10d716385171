-- The log of sharewatch. This file is an interface: people query the log by hand, the dashboard and
-- the reports read it, and a replay feeds its events through the pipeline again.
--
-- Three habits. Rows are added, never rewritten: what was learned later stands in a later row, with
-- its own number. (Counters are the exception, and say so.) Times are whole milliseconds since the
-- Unix epoch, UTC; the views at the end show them as text. `synthetic` is 1 in every row that comes
-- from a simulator, so that it can never pass as real.
--
-- Nothing here names a person, a plate or an address. Free text was scrubbed before it was stored.
--
-- application_id 0x73777431 ('swt1'); user_version is the number of this schema.

-- One row a start of the monitor, and one each time it reads another map or policy while it runs:
-- then the row before ends in the millisecond in which this one begins.
CREATE TABLE run (
    id          INTEGER PRIMARY KEY,
    started_ms  INTEGER NOT NULL,
    ended_ms    INTEGER,                 -- NULL: still running, or killed
    version     TEXT NOT NULL,           -- of sharewatch
    broker      TEXT NOT NULL,           -- as given, without the password; "(import)" or "(replay of LOG)"
    map_id      INTEGER NOT NULL REFERENCES map (id),
    policy_id   INTEGER NOT NULL REFERENCES policy (id)
) STRICT;

-- What a run was started with, as far as it bears on what is judged. Logs that were begun before
-- there was this table have no rows of their first runs: those had the defaults.
CREATE TABLE setting (
    id      INTEGER PRIMARY KEY,
    run_id  INTEGER NOT NULL REFERENCES run (id),
    name    TEXT NOT NULL,               -- "state_mib": memory for what rules over many events count
    value   INTEGER NOT NULL
) STRICT;

-- The sharing map as it was loaded; one row for each content.
CREATE TABLE map (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,              -- "los-angeles"
    version  TEXT NOT NULL,
    digest   BLOB NOT NULL UNIQUE,       -- SHA-256 of the content
    content  TEXT NOT NULL               -- the file itself, so that a replay needs nothing else
) STRICT;

-- The systems and edges of that map, for joins.
CREATE TABLE map_node (
    map_id       INTEGER NOT NULL REFERENCES map (id),
    node         TEXT NOT NULL,          -- "NGI"
    place        INTEGER NOT NULL,       -- its position in the file: the order in which people see it
    name         TEXT NOT NULL,
    agency       TEXT NOT NULL,
    class        TEXT NOT NULL,          -- local county state oos fed_nonimm fed_imm vendor …
    immigration  INTEGER NOT NULL,       -- 1: a federal immigration component
    PRIMARY KEY (map_id, node)
) STRICT, WITHOUT ROWID;

CREATE TABLE map_edge (
    map_id      INTEGER NOT NULL REFERENCES map (id),
    edge        TEXT NOT NULL,           -- "E04"
    name        TEXT NOT NULL,
    modes       TEXT NOT NULL,           -- "automatic,federal"
    basis       TEXT NOT NULL,           -- legal basis
    off_switch  TEXT NOT NULL,           -- who could stop it
    source      TEXT NOT NULL,           -- how well it is known
    PRIMARY KEY (map_id, edge)
) STRICT, WITHOUT ROWID;

-- The set of policy packs as it was loaded; one row for each content.
CREATE TABLE policy (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,              -- "ca-state+la-city-2024"
    digest   BLOB NOT NULL UNIQUE,       -- SHA-256 over all files
    content  TEXT NOT NULL               -- all files, as one YAML stream
) STRICT;

-- The rules of that set.
CREATE TABLE rule (
    policy_id  INTEGER NOT NULL REFERENCES policy (id),
    rule       INTEGER NOT NULL,         -- index in the set
    id         TEXT NOT NULL,            -- the rule's own id
    name       TEXT NOT NULL,
    title      TEXT NOT NULL,
    pack       TEXT NOT NULL,
    cite       TEXT NOT NULL,
    verdict    TEXT,                     -- NULL: a record finding
    PRIMARY KEY (policy_id, rule)
) STRICT, WITHOUT ROWID;

-- Publishers. Numbers and `whole` are counters: kept up to date in place.
CREATE TABLE source (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,    -- "urn:sharewatch:agency:LAPD"
    highest     INTEGER NOT NULL,        -- largest sequence number seen, 0 when it stamps none
    contiguous  INTEGER NOT NULL,        -- up to here every number is in the log or in a gap row
    whole       INTEGER NOT NULL         -- the newest event at a time when contiguous = highest: holes that
                                         -- are neither filled nor gap rows lie in events after it
) STRICT;

-- Every event that was accepted, in the order in which it was logged. Ids are gapless.
CREATE TABLE event (
    id            INTEGER PRIMARY KEY,
    source_id     INTEGER NOT NULL REFERENCES source (id),
    event_id      TEXT NOT NULL,         -- the sender's id, unique within its source
    sequence      INTEGER,               -- NULL: the source stamps none
    kind          TEXT NOT NULL,         -- booking fingerprint plate stop notice custody query court
    action        TEXT NOT NULL,
    ts_event      INTEGER NOT NULL,      -- when it happened
    ts_recorded   INTEGER NOT NULL,      -- when the sender learned of it
    ts_logged     INTEGER NOT NULL,      -- when the monitor received it
    payload       TEXT NOT NULL,         -- as received; free text in it scrubbed
    digest        BLOB NOT NULL,         -- SHA-256 of the bytes as received
    scrubbed      INTEGER NOT NULL,      -- 1: payload differs from what was received
    synthetic     INTEGER NOT NULL,
    run_id        INTEGER NOT NULL REFERENCES run (id),
    UNIQUE (source_id, event_id)
) STRICT;
CREATE INDEX event_ts ON event (ts_event);

-- A judgement of an event: where the data went, how far that is, and what the rules say. An event
-- that moves no data has none. Judged again (revision 1, 2, …) when something was learned later.
CREATE TABLE hop (
    id          INTEGER PRIMARY KEY,
    event       INTEGER NOT NULL REFERENCES event (id),
    revision    INTEGER NOT NULL,
    cause       INTEGER REFERENCES event (id), -- of a revision: the event that taught it
    chain       TEXT NOT NULL,           -- key of the chain
    edge        TEXT,                    -- NULL: no edge of the map
    from_node   TEXT,
    to_node     TEXT,
    data_class  TEXT,
    crosses     TEXT NOT NULL,           -- none reachable direct
    level       INTEGER NOT NULL,        -- 0 none, 1 searched, 2 matched, 3 informed, 4 custody
    verdict     TEXT NOT NULL,           -- NONE FED AUTO DISC REVIEW PROH
    duties      TEXT NOT NULL,           -- names joined by commas, or empty
    fed_reach   INTEGER NOT NULL,        -- 1: a federal recipient that is no immigration component
    late        INTEGER NOT NULL,        -- 1: learned after later hops of its chain
    ts_event    INTEGER NOT NULL,
    alert       INTEGER,                 -- id of the alert that tells of it; NULL: none
    synthetic   INTEGER NOT NULL,
    UNIQUE (event, revision)
) STRICT;
CREATE INDEX hop_chain ON hop (chain, ts_event);
CREATE INDEX hop_crossing ON hop (level, verdict, ts_event) WHERE level > 0 OR verdict <> 'NONE';

-- What each rule said of a hop. All findings are kept; the strictest made the verdict.
CREATE TABLE finding (
    hop        INTEGER NOT NULL REFERENCES hop (id),
    policy_id  INTEGER NOT NULL,
    rule       INTEGER NOT NULL,
    verdict    TEXT,                     -- NULL: a record finding
    missing    TEXT,                     -- the fact that was missing, if the verdict is REVIEW for that
    PRIMARY KEY (hop, policy_id, rule),
    FOREIGN KEY (policy_id, rule) REFERENCES rule (policy_id, rule)
) STRICT, WITHOUT ROWID;

-- The standing of a chain each time it changed; the highest revision is today's. Chains of which
-- there is nothing to tell (level 0, verdict NONE) have no row.
CREATE TABLE chain (
    chain      TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    event      INTEGER NOT NULL REFERENCES event (id), -- that changed it
    level      INTEGER NOT NULL,         -- the highest reached
    verdict    TEXT NOT NULL,            -- the strictest
    verdicts   TEXT NOT NULL,            -- all on the way, joined by commas
    duties     TEXT NOT NULL,
    fed_reach  INTEGER NOT NULL,
    hops       INTEGER NOT NULL,
    first_ms   INTEGER NOT NULL,
    last_ms    INTEGER NOT NULL,
    synthetic  INTEGER NOT NULL,
    PRIMARY KEY (chain, revision)
) STRICT, WITHOUT ROWID;
CREATE INDEX chain_event ON chain (event);

-- What people are told. Title and sentence are finished here, at event time.
CREATE TABLE alert (
    id          INTEGER PRIMARY KEY,     -- gapless
    hop         INTEGER NOT NULL REFERENCES hop (id), -- the first it tells of
    chain       TEXT NOT NULL,
    edge        TEXT,
    rule        TEXT,                    -- name of the rule that made the verdict; NULL: the map's default
    cite        TEXT NOT NULL,           -- of that rule; of the map's default, the edge's legal basis
    level       INTEGER NOT NULL,
    verdict     TEXT NOT NULL,
    duties      TEXT NOT NULL,
    title       TEXT NOT NULL,
    sentence    TEXT NOT NULL,
    path        TEXT NOT NULL,           -- "LAPD jail › Live Scan › …", names for people
    ts_event    INTEGER NOT NULL,
    ts_logged   INTEGER NOT NULL,
    daily       INTEGER NOT NULL,        -- 1: stands for all of its day, see alert_count
    policy_id   INTEGER NOT NULL REFERENCES policy (id),
    synthetic   INTEGER NOT NULL
) STRICT;
CREATE INDEX alert_verdict ON alert (verdict, level, id);
CREATE INDEX alert_chain ON alert (chain, id);
CREATE INDEX alert_ts ON alert (ts_event);

-- How many hops a daily alert stands for. A counter: kept up to date in place.
CREATE TABLE alert_count (
    alert    INTEGER PRIMARY KEY REFERENCES alert (id),
    hops     INTEGER NOT NULL,
    last_ms  INTEGER NOT NULL,           -- event time of the latest
    last_hop INTEGER NOT NULL
) STRICT;

-- Sequence numbers that never came. A later row with filled = 1 says that they came after all.
CREATE TABLE gap (
    id          INTEGER PRIMARY KEY,
    source_id   INTEGER NOT NULL REFERENCES source (id),
    first       INTEGER NOT NULL,        -- sequence numbers, inclusive
    last        INTEGER NOT NULL,
    opened_ms   INTEGER NOT NULL,        -- when the hole was noticed
    logged_ms   INTEGER NOT NULL,
    filled      INTEGER NOT NULL
) STRICT;
CREATE INDEX gap_numbers ON gap (source_id, first);

-- Packets that were not accepted. The bytes are not kept: they could hold personal data.
CREATE TABLE quarantine (
    id         INTEGER PRIMARY KEY,
    topic      TEXT NOT NULL,            -- cut and made printable; empty where it could hold personal data
    reason     TEXT NOT NULL,            -- code
    position   INTEGER NOT NULL,         -- byte of the payload
    field      TEXT NOT NULL,            -- field or attribute concerned
    digest     BLOB NOT NULL,            -- SHA-256 of the payload
    bytes      INTEGER NOT NULL,         -- its length
    ts_logged  INTEGER NOT NULL,
    run_id     INTEGER NOT NULL REFERENCES run (id)
) STRICT;

-- Files that events were imported from. The files themselves are not kept.
CREATE TABLE evidence_file (
    id         INTEGER PRIMARY KEY,
    digest     BLOB NOT NULL UNIQUE,     -- SHA-256 of the file
    name       TEXT NOT NULL,            -- without its folder, scrubbed
    kind       TEXT NOT NULL,            -- "network audit"
    agency     TEXT NOT NULL,            -- whose log it is; empty when nobody said
    bytes      INTEGER NOT NULL,
    run_id     INTEGER NOT NULL REFERENCES run (id)
) STRICT;

-- Which row of a file tells of which event; an event may be told of by many. In quarantine, rows of
-- files stand with the file's digest, the row's place in bytes and its line.
CREATE TABLE evidence (
    file   INTEGER NOT NULL REFERENCES evidence_file (id),
    row    INTEGER NOT NULL,             -- record of the file, from 1, headers counted
    line   INTEGER NOT NULL,             -- where it starts, from 1
    event  INTEGER NOT NULL REFERENCES event (id),
    masks  INTEGER NOT NULL,             -- pieces of its free text that were scrubbed
    PRIMARY KEY (file, row)
) STRICT, WITHOUT ROWID;
CREATE INDEX evidence_event ON evidence (event);

-- Roll-ups, so that a year is read as fast as an hour. Counters: kept up to date in place.
-- Revisions are not counted.
CREATE TABLE edge_hour (
    hour       INTEGER NOT NULL,       -- ts_event / 3600000
    edge       TEXT NOT NULL,          -- '' when the hop takes no edge
    from_node  TEXT NOT NULL,          -- '' when unknown
    to_node    TEXT NOT NULL,          -- likewise
    verdict    TEXT NOT NULL,
    level      INTEGER NOT NULL,
    hops       INTEGER NOT NULL,
    PRIMARY KEY (hour, edge, from_node, to_node, verdict, level)
) STRICT, WITHOUT ROWID;

CREATE TABLE edge_day (
    day        INTEGER NOT NULL,       -- ts_event / 86400000
    edge       TEXT NOT NULL,          -- '' when the hop takes no edge
    from_node  TEXT NOT NULL,          -- '' when unknown
    to_node    TEXT NOT NULL,          -- likewise
    verdict    TEXT NOT NULL,
    level      INTEGER NOT NULL,
    hops       INTEGER NOT NULL,
    PRIMARY KEY (day, edge, from_node, to_node, verdict, level)
) STRICT, WITHOUT ROWID;

-- The place in the spool file up to which all is in this log; a counter, kept in place. A restart
-- goes on from here.
CREATE TABLE spool (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    file      INTEGER NOT NULL,          -- the number that the spool file was given when it was made
    position  INTEGER NOT NULL,          -- bytes since then
    told      INTEGER NOT NULL           -- the broker has taken every alert up to this one; later ones are
                                         -- published again after a restart
) STRICT;

-- What correlations remember (rules over many events, such as 50 searches within an hour), so that a
-- restart goes on counting where the last one stopped. One row a group, kept in place in the
-- transaction of the event that changed it, gone when the group is over. Both are opaque and hold
-- hashes instead of values. Not sealed, for a replay of the events gives the same.
CREATE TABLE correlation (
    number  INTEGER PRIMARY KEY,         -- rises with each change: the order in which groups come back
    key     BLOB NOT NULL UNIQUE,        -- which correlation, which group
    value   BLOB NOT NULL
) STRICT;

-- Losses that are no sequence gaps: tables that overflowed, packets refused. One row a change.
CREATE TABLE loss (
    id         INTEGER PRIMARY KEY,
    what       TEXT NOT NULL,            -- "chains_evicted", "correlation_groups_evicted", …
    total      INTEGER NOT NULL,         -- since the start of the run
    ts_logged  INTEGER NOT NULL,
    run_id     INTEGER NOT NULL REFERENCES run (id)
) STRICT;

-- ---- the seal ----
--
-- Each row above is committed to by an entry, and the entries are the leaves of a Merkle tree as
-- RFC 6962 defines it; `sharewatch verify` computes it all again and names the first row that is not
-- as it was written. monitor/log/entry.h and row.h describe the bytes. What is kept up to date in
-- place follows from sealed rows, or its newest value stands in an entry.

-- The log's name for good, which checkpoints bear in their first line.
CREATE TABLE origin (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    name     TEXT NOT NULL,              -- "sharewatch.log/5f0c…"
    made_ms  INTEGER NOT NULL
) STRICT;

CREATE TABLE entry (
    id     INTEGER PRIMARY KEY,          -- its place in the tree, from 0
    data   BLOB NOT NULL,                -- what is hashed as the leaf: kind, time, row, commitments
    salts  BLOB NOT NULL                 -- 32 bytes for each commitment; cut off with what was redacted
) STRICT;

-- The tree's hashes, 256 to a row as in C2SP tlog-tiles; full tiles only.
CREATE TABLE tile (
    id      INTEGER PRIMARY KEY,         -- level * 2^48 + number of the tile in its level
    hashes  BLOB NOT NULL
) STRICT;

-- Public keys that sign checkpoints, each endorsed by the one before.
CREATE TABLE signer (
    id           INTEGER PRIMARY KEY,
    key          TEXT NOT NULL,          -- as verifiers want it: NAME+HASH+BASE64
    since_ms     INTEGER NOT NULL,
    endorsement  TEXT NOT NULL           -- signature of the former key over this one; empty for the first
) STRICT;

-- Signed heads of the tree: C2SP tlog-checkpoint, in a signed note.
CREATE TABLE checkpoint (
    id       INTEGER PRIMARY KEY,
    size     INTEGER NOT NULL,           -- entries it covers
    made_ms  INTEGER NOT NULL,           -- time of the newest entry that it covers
    note     TEXT NOT NULL
) STRICT;

-- What was deleted on purpose, and why; the entries stay.
CREATE TABLE redaction (
    id        INTEGER PRIMARY KEY,
    made_ms   INTEGER NOT NULL,
    class     TEXT NOT NULL,             -- of the retention: "plate event", "event", "chain key"; or "request"
    reason    TEXT NOT NULL,
    payloads  INTEGER NOT NULL,          -- events whose payload and digest are gone
    keys      INTEGER NOT NULL           -- judgements whose chain key is gone
) STRICT;

CREATE TABLE redacted (
    entry      INTEGER PRIMARY KEY REFERENCES entry (id),
    redaction  INTEGER NOT NULL REFERENCES redaction (id),
    chain      INTEGER                   -- of a chain key: the chain is called 'redacted:N' since; else NULL
) STRICT;
CREATE INDEX redacted_redaction ON redacted (redaction);

-- Chains that retention leaves alone. A later row with held = 0 lets go.
CREATE TABLE hold (
    id       INTEGER PRIMARY KEY,
    held     INTEGER NOT NULL,
    chain    TEXT NOT NULL,
    reason   TEXT NOT NULL,
    made_ms  INTEGER NOT NULL
) STRICT;

-- For people at a prompt: the same with times as text and names of sources.
CREATE VIEW event_text AS
SELECT event.id, source.name AS source, event_id, sequence, kind, action,
       strftime('%Y-%m-%dT%H:%M:%fZ', ts_event / 1000.0, 'unixepoch') AS time,
       strftime('%Y-%m-%dT%H:%M:%fZ', ts_logged / 1000.0, 'unixepoch') AS logged,
       payload, synthetic
FROM event JOIN source ON source.id = event.source_id;

CREATE VIEW hop_text AS
SELECT hop.id, event, revision, chain, edge, from_node, to_node, data_class, crosses, level, verdict,
       duties, fed_reach, late, strftime('%Y-%m-%dT%H:%M:%fZ', ts_event / 1000.0, 'unixepoch') AS time,
       alert, synthetic
FROM hop;

CREATE VIEW chain_now AS
SELECT * FROM chain AS c
WHERE revision = (SELECT max(revision) FROM chain WHERE chain = c.chain);

CREATE VIEW alert_text AS
SELECT alert.id, strftime('%Y-%m-%dT%H:%M:%fZ', ts_event / 1000.0, 'unixepoch') AS time,
       verdict, level, title, sentence, path, cite, duties, chain,
       coalesce(alert_count.hops, 1) AS hops, synthetic
FROM alert LEFT JOIN alert_count ON alert_count.alert = alert.id;
