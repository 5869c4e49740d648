-- Protection of people who do not want our email: suppressions, sign-up limits, and reports that come back.

-- Addresses that must not get email, as keyed hashes: the promise outlives the erased address.
CREATE TYPE suppression_reason AS ENUM ('hard bounce', 'complaint', 'erasure', 'manual');
CREATE TABLE suppressions (
  address_hash bytea PRIMARY KEY,
  reason       suppression_reason NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now()
);

-- Sign-ups by network, by receiving domain and in total, in windows of ten minutes; and proofs of work already used.
-- All processes share it. Networks are keyed hashes. Rows older than a day are deleted.
-- Unlogged, so that counting never waits for a disk. The price: a database crash forgets the last minutes' counts.
CREATE UNLOGGED TABLE sign_up_counts (
  scope text NOT NULL,
  key   text NOT NULL,
  since timestamptz NOT NULL,
  count integer NOT NULL,
  CONSTRAINT one_count_per_window PRIMARY KEY (scope, key, since)
);
CREATE INDEX sign_up_counts_since ON sign_up_counts (since);

-- Bounces, complaints and unsubscribe requests by email, with the change each made. One row per report, however often it arrives.
CREATE TABLE inbound_events (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  received_at   timestamptz NOT NULL,
  -- how it arrived: command, imap, smtp, ses, postmark, sendgrid, mailgun, resend
  source        text NOT NULL,
  -- SHA-256 of the fields that identify a report; equal for two arrivals of the same report
  fingerprint   bytea NOT NULL,
  -- hard, soft, delayed, complaint, unsubscribe, autoreply, challenge, moved, success, info or ignore; and why, in one word
  class         text NOT NULL,
  reason        text NOT NULL,
  -- the kind of token that verified; without one the report changed nothing
  authority     text,
  subscriber_id bigint,
  edition_id    bigint,
  -- suppressed, left, counted, or nothing
  did           text NOT NULL,
  status        text,
  reply         smallint,
  -- the remote server's text with addresses redacted
  evidence      text NOT NULL,
  -- keyed hashes of the addresses in the raw message; erasing a reader finds it by them
  mentions      bytea[] NOT NULL DEFAULT '{}',
  -- the message, compressed and cut; kept for a limited time, and only if it changed something
  raw           bytea,
  CONSTRAINT one_event_per_report UNIQUE (fingerprint)
);
CREATE INDEX inbound_events_subscriber ON inbound_events (subscriber_id, received_at);
CREATE INDEX inbound_events_received ON inbound_events (received_at);
CREATE INDEX inbound_events_mentions ON inbound_events USING gin (mentions);
