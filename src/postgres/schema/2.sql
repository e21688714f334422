-- The queue that workers share. Times are microseconds since 1970 by the clock of this server.

CREATE TABLE @schema@.queue_host (
    id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name bytea NOT NULL UNIQUE,
    -- When it may be leased: when something is due and the host may be asked; of a host that is
    -- leased, when that ends, so that hosts of a worker that died come back by themselves.
    next_at int8 NOT NULL DEFAULT 9223372036854775807,
    lease_until int8 NOT NULL DEFAULT 0,
    -- Grows at each lease. What a worker writes carries its own, and is refused with another.
    epoch int8 NOT NULL DEFAULT 0,
    ready_at int8 NOT NULL DEFAULT 0,
    worker text,
    -- Pace, back-off and robots.txt, in the workers' bytes.
    facts bytea NOT NULL DEFAULT ''
) WITH (fillfactor = 70);

CREATE INDEX queue_host_next ON @schema@.queue_host (next_at)
    WHERE next_at < 9223372036854775807;

CREATE TABLE @schema@.queue_url (
    due int8 NOT NULL,
    -- By when it was asked for since it was visited last.
    asked_due int8,
    host int4 NOT NULL,
    -- How often it was asked for anew.
    asked int4 NOT NULL DEFAULT 0,
    priority int2 NOT NULL,
    -- 0 queued, 1 waiting, 2 retired.
    phase int2 NOT NULL,
    digest bytea NOT NULL,
    job bytea NOT NULL,
    entry bytea NOT NULL,
    PRIMARY KEY (host, digest)
) WITH (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.02);

CREATE INDEX queue_url_due ON @schema@.queue_url (host, priority, due) WHERE phase < 2;
