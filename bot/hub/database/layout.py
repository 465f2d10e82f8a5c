"""The tables of a hub's file, as the steps that lead from each version of the file to the next."""

from __future__ import annotations

APPLICATION = 0x43756374
"""The file's `application_id`: "Cuct". No other program's database is mistaken for a hub."""

PAGE = 8192
"""Bytes a page, which can't be changed later: measured against 4096 and 16384 at 3,000,000 events."""

MIGRATIONS: tuple[str, ...] = (
    """
    -- What is configured: one JSON document each, by kind (schema, dataset, namespace, …).
    CREATE TABLE document (
        kind TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
        PRIMARY KEY (kind, id)
    ) WITHOUT ROWID;
    -- Numbers that only grow: the revision of the configuration, the sequence of unsettled identities, …
    CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;

    -- Every identity ever seen. All of one graph share `person`, which is the number of one of them. `key` and `tail` are the
    -- first 8 and the next 4 bytes of the digest. Intake finds the number and the person in the index alone.
    CREATE TABLE identity (
        id INTEGER PRIMARY KEY, key INTEGER NOT NULL, tail INTEGER NOT NULL, namespace INTEGER NOT NULL, value TEXT NOT NULL,
        person INTEGER NOT NULL
    );
    CREATE INDEX identity_by_key ON identity (key, tail, person);
    CREATE INDEX identity_by_person ON identity (person);

    -- Both hang on the primary identity of the record, not on the person: joining graphs moves nothing but `person`.
    CREATE TABLE fragment (
        identity INTEGER NOT NULL, dataset INTEGER NOT NULL, time INTEGER NOT NULL, id TEXT NOT NULL, modified INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (identity, dataset)
    ) WITHOUT ROWID;
    CREATE TABLE event (
        identity INTEGER NOT NULL, time INTEGER NOT NULL, dataset INTEGER NOT NULL, id TEXT NOT NULL, body INTEGER NOT NULL,
        PRIMARY KEY (identity, time, dataset, id)
    ) WITHOUT ROWID;
    CREATE TABLE event_body (id INTEGER PRIMARY KEY, modified INTEGER NOT NULL, body BLOB NOT NULL);

    -- What was computed from a profile: memberships and computed attributes, as JSON.
    CREATE TABLE standing (
        person INTEGER PRIMARY KEY, evaluated INTEGER NOT NULL, memberships BLOB NOT NULL, computed BLOB NOT NULL
    );
    -- Identities of which something arrived that isn't computed yet; `since` is the oldest of it, `sequence` changes with each.
    CREATE TABLE unsettled (identity INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, since INTEGER NOT NULL);

    -- Records of datasets that aren't enabled for Profile, in the order of their arrival.
    CREATE TABLE waiting (id INTEGER PRIMARY KEY, dataset INTEGER NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL);
    CREATE INDEX waiting_by_dataset ON waiting (dataset);

    -- How far each import or batch is, and what of it was refused.
    CREATE TABLE import (
        id TEXT PRIMARY KEY, dataset INTEGER NOT NULL, kind TEXT NOT NULL, status TEXT NOT NULL, position INTEGER NOT NULL,
        line INTEGER NOT NULL, accepted INTEGER NOT NULL, known INTEGER NOT NULL, rejected INTEGER NOT NULL,
        started INTEGER NOT NULL, updated INTEGER NOT NULL, body BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE reject (
        id INTEGER PRIMARY KEY, import TEXT NOT NULL, line INTEGER NOT NULL, path TEXT NOT NULL, reason TEXT NOT NULL,
        at INTEGER NOT NULL
    );
    CREATE INDEX reject_by_import ON reject (import);
    """,
    """
    -- Of which people something arrived, in that order, until they are gathered in `unsettled`. No number is used again.
    CREATE TABLE arrival (number INTEGER PRIMARY KEY, identity INTEGER NOT NULL, since INTEGER NOT NULL);

    -- Events arrive in a small table, and move to the large one by and by (`archiving`).
    ALTER TABLE event RENAME TO event_archive;
    CREATE TABLE event_recent (
        identity INTEGER NOT NULL, time INTEGER NOT NULL, dataset INTEGER NOT NULL, id TEXT NOT NULL, body INTEGER NOT NULL,
        PRIMARY KEY (identity, time, dataset, id)
    ) WITHOUT ROWID;
    CREATE VIEW event AS
        SELECT identity, time, dataset, id, body FROM event_archive UNION ALL
        SELECT identity, time, dataset, id, body FROM event_recent;
    """,
)
"""Each runs in one transaction; `PRAGMA user_version` counts those that a file has gone through."""
