-- Text is bytea throughout: URLs of other people's records hold what no encoding has, and bytes
-- sort alike in every database.

CREATE TABLE @schema@.schema_version (
    version int4 PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT now()
);

-- WARC files, and how far each has been taken in.
CREATE TABLE @schema@.file (
    id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name bytea NOT NULL UNIQUE,
    indexed_to int8 NOT NULL DEFAULT 0,
    sealed_size int8
);

CREATE TABLE @schema@.capture (
    -- Times are microseconds since 1970.
    at int8 NOT NULL,
    "offset" int8 NOT NULL,
    length int8 NOT NULL,
    -- The first eight bytes of the digest, where the record holds a whole payload.
    payload int8,
    refers_at int8,
    file int4 NOT NULL,
    status int4,
    -- In the order of archive::RecordKind.
    kind int2 NOT NULL,
    truncated bool NOT NULL,
    -- Whether the record says what it repeats; any part of that may be missing.
    refers bool NOT NULL,
    -- The urlkey, or what stands for one that is too long for an index.
    key bytea NOT NULL,
    -- Such a urlkey in full.
    urlkey bytea,
    url bytea NOT NULL,
    mime bytea NOT NULL,
    -- The algorithm (1 SHA-1, 2 SHA-256), then the digest.
    digest bytea,
    -- 0 and the 16 bytes of a UUID, or 1 and any other text.
    record bytea,
    refers_url bytea,
    refers_record bytea,
    PRIMARY KEY (key, at, file, "offset")
);

CREATE INDEX capture_payload ON @schema@.capture (payload, at) WHERE payload IS NOT NULL;

-- Counts of each host, by its form in urlkeys. Updated in place, for which pages keep room.
CREATE TABLE @schema@.host (
    key bytea PRIMARY KEY,
    captures int8 NOT NULL,
    bytes int8 NOT NULL,
    first int8 NOT NULL,
    last int8 NOT NULL
) WITH (fillfactor = 70);
