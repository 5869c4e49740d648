-- Why and from which rate a relay or domain was slowed down: mails a second when it last asked, and its words, without addresses.
-- Additive: an older worker leaves them empty.
ALTER TABLE buckets
  ADD COLUMN asked_rate double precision,
  ADD COLUMN why text;

-- A batch that waits for a bucket is no longer paid for beforehand: it is worked in slices, each paid for when it goes.
COMMENT ON COLUMN batches.booked IS 'the bucket that all of the batch waits for';

-- Relays that refuse us, for all processes to see; a row goes when the relay accepts an email. Additive.
CREATE TABLE relay_rests (
  relay text PRIMARY KEY,
  -- since when it accepted none
  since timestamptz NOT NULL,
  -- no email is offered to it before this
  until timestamptz NOT NULL,
  -- what it said, without addresses
  reply text NOT NULL
);
