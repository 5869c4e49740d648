-- The delivery ledger: who gets which edition, and with what outcome.

-- A batch is the unit of work. It carries lease and attempts, and the sweeper reads this table only.
CREATE TYPE batch_state AS ENUM ('open', 'leased', 'done');
CREATE TABLE batches (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  edition_id  bigint NOT NULL REFERENCES editions,
  state       batch_state NOT NULL DEFAULT 'open',
  due_at      timestamptz NOT NULL,
  lease       uuid,
  lease_until timestamptz,
  attempts    integer NOT NULL DEFAULT 0,
  created_at  timestamptz NOT NULL DEFAULT now(),
  booked      text,
  CONSTRAINT leased_has_lease CHECK ((state = 'leased') = (lease IS NOT NULL AND lease_until IS NOT NULL))
);
COMMENT ON COLUMN batches.booked IS 'the bucket that all of the batch waits for';
CREATE INDEX batches_to_do ON batches (due_at) WHERE state <> 'done';
CREATE INDEX batches_edition ON batches (edition_id) WHERE state <> 'done';

-- The ledger: one row per reader and edition, however often a job runs.
-- Partitioned, so that dropping old editions costs no deletes.
-- Without a foreign key to subscribers: erasing a reader empties the row and keeps the counts.
-- Do not index `state`: without an index its updates stay in the page (HOT).
CREATE TYPE delivery_state AS ENUM
  ('queued', 'handed', 'accepted', 'deferred', 'refused', 'unknown', 'skipped', 'expired', 'erased');
CREATE TABLE deliveries (
  edition_id    bigint NOT NULL,
  subscriber_id bigint NOT NULL,
  batch_id      bigint NOT NULL,
  state         delivery_state NOT NULL DEFAULT 'queued',
  expires_at    timestamptz NOT NULL,
  -- attempts so far; unknown outcomes by a crash and by a lost connection
  hand_overs    smallint NOT NULL DEFAULT 0,
  crashes       smallint NOT NULL DEFAULT 0,
  cuts          smallint NOT NULL DEFAULT 0,
  -- bitmap of the edition's papers in this digest, by position; a resend and the search for repeats read it
  shown         bytea,
  -- the relay's last reply with addresses redacted, or why it was skipped
  reply         text,
  handed_at     timestamptz,
  settled_at    timestamptz,
  -- the relay that replied, to answer "did she get it?"
  relay         text,
  -- the last `own` papers of `shown`, "still rising" aside, match the reader's wishes; a resend keeps them under that heading
  own           smallint NOT NULL DEFAULT 0,
  CONSTRAINT one_delivery_per_reader PRIMARY KEY (edition_id, subscriber_id)
) PARTITION BY RANGE (edition_id);
CREATE INDEX deliveries_batch ON deliveries (batch_id);
CREATE INDEX deliveries_reader ON deliveries (subscriber_id, edition_id);

-- Creates the partition of an edition, if missing. A partition holds 32 editions (a month of dailies).
-- It is created on its own and then attached: CREATE TABLE … PARTITION OF would block running deliveries.
CREATE FUNCTION ensure_delivery_partition(edition bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  first bigint := edition - edition % 32;
  name text := 'deliveries_' || first;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('paperboy delivery partitions'));
  IF to_regclass(name) IS NOT NULL THEN RETURN; END IF;
  EXECUTE format('CREATE TABLE %I (LIKE deliveries INCLUDING DEFAULTS INCLUDING CONSTRAINTS) WITH (fillfactor = 80)', name);
  EXECUTE format('ALTER TABLE deliveries ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', name, first, first + 32);
END $$;
