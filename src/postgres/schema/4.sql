-- One evidence log of all archives whose processes share the queue. Times are microseconds since 1970 by the
-- clock of this server.

-- One row: the number of the last part, and who may publish the next checkpoint.
CREATE TABLE @schema@.log (
    one bool PRIMARY KEY DEFAULT true CHECK (one),
    parts int8 NOT NULL,
    holder text,
    lease_until int8 NOT NULL DEFAULT 0,
    -- Grows at each lease. A checkpoint is published with it, and refused with another.
    epoch int8 NOT NULL DEFAULT 0
);

-- What archives registered, in the order of the log: leaves of a stretch of one file, in the archives' bytes.
-- Numbers have no gaps: they are given under the lock of the row above.
CREATE TABLE @schema@.log_part (
    number int8 PRIMARY KEY,
    archive text NOT NULL,
    file bytea NOT NULL,
    since int8 NOT NULL,
    leaves bytea NOT NULL
);

CREATE INDEX log_part_other ON @schema@.log_part (number) WHERE file = '';

-- WARC files, whose they are, and how far each is registered.
CREATE TABLE @schema@.log_source (
    file bytea PRIMARY KEY,
    archive text NOT NULL,
    place int8,
    within int8,
    span int8 NOT NULL,
    sealed bool NOT NULL
);

CREATE INDEX log_source_archive ON @schema@.log_source (archive);

CREATE TABLE @schema@.log_checkpoint (
    size int8 PRIMARY KEY,
    parts int8 NOT NULL,
    epoch int8 NOT NULL,
    since int8 NOT NULL,
    note bytea NOT NULL
);

-- What is kept beside checkpoints: time stamps with their chains, cosignatures.
CREATE TABLE @schema@.log_file (
    name bytea PRIMARY KEY,
    sha256 bytea NOT NULL,
    bytes bytea NOT NULL
);
