-- Which relay answered, so that "did she get it?" has an answer.
-- Additive, as all of this file: columns that are empty or have a constant default, tables that older workers do not ask.
ALTER TABLE deliveries ADD COLUMN relay text;

-- The error budget: what was answered since the edition was last (re)started, and why it paused itself.
ALTER TABLE editions
  ADD COLUMN answered integer NOT NULL DEFAULT 0,
  ADD COLUMN refused integer NOT NULL DEFAULT 0,
  ADD COLUMN paused_why text;

-- A batch whose turn at a receiving domain's rate was booked beforehand.
ALTER TABLE batches ADD COLUMN booked text;

-- Rates over all workers: "all", "relay NAME", "domain NAME". What has been paid for reaches until `paid_until` (the generic cell
-- rate algorithm): one UPDATE pays for a slice. A domain has a row only when configured, or after it asked us to be slower.
CREATE TABLE buckets (
  name       text PRIMARY KEY,
  -- mails a second now, between what made us slower and the ceiling
  rate       double precision NOT NULL,
  ceiling    double precision,
  paid_until timestamptz NOT NULL DEFAULT now(),
  slowed_at  timestamptz,
  raised_at  timestamptz NOT NULL DEFAULT now(),
  -- what a warm-up curve counts: mails on that day (UTC)
  day        date,
  spent      integer NOT NULL DEFAULT 0,
  CONSTRAINT rate_moves CHECK (rate > 0 AND ceiling > 0)
);

-- One row: what tells a restored database from the one that mailed last (src/delivery/ledger/restore-guard.ts).
CREATE TABLE mailing (
  one          boolean PRIMARY KEY DEFAULT true,
  -- made at the first mail, so that copies of an empty database are not taken for one another
  installation uuid,
  tick         bigint NOT NULL DEFAULT 0,
  ticked_at    timestamptz,
  cluster      text,
  halted_at    timestamptz,
  halted_why   text,
  CONSTRAINT one_row CHECK (one)
);
INSERT INTO mailing DEFAULT VALUES;
