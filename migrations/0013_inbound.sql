-- What came back: bounces, complaints, requests to leave, and what each of them changed. One row a report, however often and by
-- however many ways it arrives. Additive: running workers and pages are not disturbed.
CREATE TABLE inbound_events (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  received_at   timestamptz NOT NULL,
  -- how it arrived: command, imap, smtp, ses, postmark, sendgrid, mailgun, resend
  source        text NOT NULL,
  -- SHA-256 of what makes two arrivals the same report
  fingerprint   bytea NOT NULL,
  -- hard, soft, delayed, complaint, unsubscribe, autoreply, challenge, moved, success, info or ignore; why, in one word
  class         text NOT NULL,
  reason        text NOT NULL,
  -- whose token verified in it, and which; without one it changed nothing
  authority     text,
  subscriber_id bigint,
  edition_id    bigint,
  -- suppressed, left, counted, or nothing
  did           text NOT NULL,
  status        text,
  reply         smallint,
  -- the remote server's words with addresses redacted
  evidence      text NOT NULL,
  -- keyed hashes of the addresses in the raw mail, so that erasing someone finds it
  mentions      bytea[] NOT NULL DEFAULT '{}',
  -- the mail itself, compressed and cut, for a limited time and only where it changed something
  raw           bytea,
  CONSTRAINT one_event_per_report UNIQUE (fingerprint)
);
CREATE INDEX inbound_events_subscriber ON inbound_events (subscriber_id, received_at);
CREATE INDEX inbound_events_received ON inbound_events (received_at);
CREATE INDEX inbound_events_mentions ON inbound_events USING gin (mentions);
