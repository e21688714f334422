-- Several jobs may name a URL of the shared queue, and more is remembered of a host than its pace.

ALTER TABLE @schema@.queue_url ADD COLUMN jobs bytea[] NOT NULL DEFAULT '{}';
UPDATE @schema@.queue_url SET jobs = ARRAY[job];
ALTER TABLE @schema@.queue_url DROP COLUMN job;

-- How long the host's last pause was, in microseconds: its lease is longer by twice that.
ALTER TABLE @schema@.queue_host ADD COLUMN pause int8 NOT NULL DEFAULT 0;

-- Another worker waits for it: whoever holds it gives it back, and leaves it alone for a moment.
ALTER TABLE @schema@.queue_host ADD COLUMN wanted bool NOT NULL DEFAULT false;

-- What is remembered of a host by keys, in the workers' bytes: robots.txt, what feeds said last.
CREATE TABLE @schema@.queue_memory (
    host int4 NOT NULL,
    key bytea NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (host, key)
);

-- What workers say of themselves.
CREATE TABLE @schema@.queue_worker (
    name text PRIMARY KEY,
    archive text NOT NULL,
    began int8 NOT NULL,
    heard int8 NOT NULL,
    ended bool NOT NULL,
    visits int8 NOT NULL,
    lost int8 NOT NULL
);
