-- What keeps scripts from sending mail to strangers, and what a reader's own link may do. Additive: workers of the version before
-- run on; they leave the new kinds of mail to newer ones only once those are written, so stop them before the api is replaced.
ALTER TYPE service_mail ADD VALUE 'remind';
ALTER TYPE service_mail ADD VALUE 'manage';
ALTER TYPE service_mail ADD VALUE 'change';

ALTER TABLE subscribers
  -- stays when they leave and come back, so that a return is told from a first time
  ADD COLUMN first_confirmed_at timestamptz,
  -- of an unconfirmed sign-up: there is one reminder
  ADD COLUMN reminded_at timestamptz;
UPDATE subscribers SET first_confirmed_at = confirmed_at WHERE confirmed_at IS NOT NULL;
CREATE INDEX subscribers_unconfirmed ON subscribers (requested_at) WHERE status = 'pending';

-- How many sign-ups came from one network, for one receiving domain and in all, by windows of ten minutes; and which proofs of
-- work are spent. Shared by all processes. Unlogged, so that counting never waits for a disk: a crash of the database forgets it,
-- which costs a script's attempts of the last minutes and nothing else. Networks are keyed hashes. Swept after a day.
CREATE UNLOGGED TABLE sign_up_counts (
  scope text NOT NULL,
  key   text NOT NULL,
  since timestamptz NOT NULL,
  count integer NOT NULL,
  CONSTRAINT one_count_per_window PRIMARY KEY (scope, key, since)
);
CREATE INDEX sign_up_counts_since ON sign_up_counts (since);

-- A reader's move to another address, until it is confirmed there.
CREATE TABLE address_changes (
  subscriber_id bigint PRIMARY KEY,
  email         text NOT NULL,
  email_key     text NOT NULL,
  address_hash  bytea NOT NULL,
  nonce         bytea NOT NULL,
  requested_at  timestamptz NOT NULL
);
