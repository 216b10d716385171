-- What people did about the alerts of one log. The dashboard writes this file and nobody else does;
-- the log itself stays as the monitor wrote it.
--
-- `review` is append-only and hash-chained: hash = SHA-256 of the row's text (reviews.c) that begins
-- with the hash before. The other tables are worked out from the log and from `review`; when they
-- are deleted they are made again.
--
-- application_id 0x73777231 ('swr1'); user_version is the number of this schema.

-- Which log these reviews belong to.
CREATE TABLE about (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    log       BLOB NOT NULL              -- SHA-256 over the log's first run, its map and its policy
) STRICT;

CREATE TABLE review (
    seq        INTEGER PRIMARY KEY,      -- gapless from 1
    ts         INTEGER NOT NULL,         -- milliseconds since the Unix epoch, UTC
    actor      TEXT NOT NULL,
    action     TEXT NOT NULL,            -- acknowledge escalate close reopen note duty undo
                                         -- case_open case_read
    alert      INTEGER,                  -- NULL: of a case
    subject    TEXT NOT NULL,            -- number of the case, name of the duty, or empty
    note       TEXT NOT NULL,
    before     INTEGER,                  -- state of the alert before: 0 open 1 escalated
                                         -- 2 acknowledged 3 closed
    after      INTEGER,
    batch      INTEGER NOT NULL,         -- seq of the first row of the same action
    undoes     INTEGER,                  -- of an undo: the batch it takes back
    prev_hash  BLOB NOT NULL,
    hash       BLOB NOT NULL
) STRICT;
CREATE INDEX review_alert ON review (alert, seq);
CREATE INDEX review_batch ON review (batch, seq);
CREATE INDEX review_subject ON review (subject, seq) WHERE subject <> '';

-- A group holds alerts that say the same: same rule, edge, verdict and level.
CREATE TABLE grp (
    id       INTEGER PRIMARY KEY,
    rule     TEXT NOT NULL,              -- '' when the map's default speaks
    edge     TEXT NOT NULL,
    verdict  INTEGER NOT NULL,           -- as enum sw_verdict
    level    INTEGER NOT NULL,
    daily    INTEGER NOT NULL,
    words    TEXT NOT NULL,              -- what a search looks in: title, law, path, rule, edge
    UNIQUE (rule, edge, verdict, level, daily)
) STRICT;

CREATE TABLE grp_state (
    grp    INTEGER NOT NULL REFERENCES grp (id),
    state  INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    PRIMARY KEY (grp, state)
) STRICT, WITHOUT ROWID;

CREATE TABLE grp_hour (
    grp    INTEGER NOT NULL REFERENCES grp (id),
    state  INTEGER NOT NULL,
    hour   INTEGER NOT NULL,             -- ts_event / 3600000
    n      INTEGER NOT NULL,
    PRIMARY KEY (grp, state, hour)
) STRICT, WITHOUT ROWID;

-- Today's state of every alert of the log.
CREATE TABLE inbox (
    alert  INTEGER PRIMARY KEY,
    grp    INTEGER NOT NULL REFERENCES grp (id),
    state  INTEGER NOT NULL,
    ts     INTEGER NOT NULL,             -- ts_event
    hops   INTEGER NOT NULL              -- that a daily alert stood for when it was reviewed, else 0
) STRICT;
CREATE INDEX inbox_group ON inbox (grp, state, alert, ts);

CREATE TABLE chain_case (
    number     TEXT NOT NULL,            -- of the oversight body
    chain      TEXT NOT NULL,
    seq        INTEGER NOT NULL REFERENCES review (seq), -- the row that opened it
    PRIMARY KEY (number, chain)
) STRICT, WITHOUT ROWID;
