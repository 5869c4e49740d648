-- Sending rates, resting relays and the restore guard: state that all workers share.

-- Rate limits: "all", "relay NAME", "domain NAME". Emails are paid for up to `paid_until` (the generic cell rate algorithm).
-- One UPDATE pays for a slice. A domain has a row only if it is configured or has asked us to slow down.
CREATE TABLE buckets (
  name       text PRIMARY KEY,
  -- current rate in emails a second, between the last slow-down and the ceiling
  rate       double precision NOT NULL,
  ceiling    double precision,
  paid_until timestamptz NOT NULL DEFAULT now(),
  slowed_at  timestamptz,
  raised_at  timestamptz NOT NULL DEFAULT now(),
  -- for a warm-up plan: emails counted on that day (UTC)
  day        date,
  spent      integer NOT NULL DEFAULT 0,
  -- the last slow-down: emails a second at that time, and the reply without addresses
  asked_rate double precision,
  why        text,
  CONSTRAINT rate_moves CHECK (rate > 0 AND ceiling > 0)
);

-- Relays that refuse us. Accepting an email deletes the relay's row.
CREATE TABLE relay_rests (
  relay text PRIMARY KEY,
  -- has accepted no email since then
  since timestamptz NOT NULL,
  -- gets no email before then
  until timestamptz NOT NULL,
  -- its reply, without addresses
  reply text NOT NULL
);

-- One row: tells a restored database from the one that sent last (src/delivery/ledger/restore-guard.ts).
CREATE TABLE mailing (
  one          boolean PRIMARY KEY DEFAULT true,
  -- created with the first email, so that copies of an empty database do not count as the same installation
  installation uuid,
  tick         bigint NOT NULL DEFAULT 0,
  ticked_at    timestamptz,
  cluster      text,
  halted_at    timestamptz,
  halted_why   text,
  -- when sending resumed after a restore; lists closed earlier may have been sent, so their new drafts are held
  restored_at  timestamptz,
  -- keyed mark of the SUPPRESSION_KEY behind the hashes in `suppressions`; under another key none of them match
  key_mark     text,
  -- a private-network proxy that sends X-Forwarded-For but is missing from TRUST_PROXY: its address, and when it was seen
  untrusted_proxy    text,
  untrusted_proxy_at timestamptz,
  CONSTRAINT one_row CHECK (one)
);
INSERT INTO mailing DEFAULT VALUES;
