-- Every email besides digests. The transaction that requires an email writes its row, so a lost queue entry loses no email.
CREATE TYPE service_mail AS ENUM ('confirm', 'welcome', 'already', 'remind', 'manage', 'change', 'sign-in', 'alert');
CREATE TABLE outbox (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind          service_mail NOT NULL,
  -- NULL for operators' emails and for requests with an unknown address: those do the same work as known ones
  subscriber_id bigint,
  state         delivery_state NOT NULL DEFAULT 'queued',
  due_at        timestamptz NOT NULL DEFAULT now(),
  lease_until   timestamptz,
  -- attempts so far, and unknown outcomes by a crash
  hand_overs    smallint NOT NULL DEFAULT 0,
  crashes       smallint NOT NULL DEFAULT 0,
  message_key   bytea NOT NULL,
  reply         text,
  created_at    timestamptz NOT NULL DEFAULT now(),
  settled_at    timestamptz,
  -- keyed hash of the address without its +tag; limits the emails that strangers can trigger
  person        bytea,
  admin_session_id bigint REFERENCES admin_sessions ON DELETE CASCADE,
  -- unknown outcomes by a lost connection, as in the ledger
  cuts          smallint NOT NULL DEFAULT 0
);
CREATE INDEX outbox_to_do ON outbox (due_at) WHERE settled_at IS NULL;
CREATE INDEX outbox_subscriber ON outbox (subscriber_id, created_at);
CREATE INDEX outbox_person ON outbox (person, created_at) WHERE person IS NOT NULL;

-- Problems that need a person: when each was first and last seen, and when operators last got an email about it.
CREATE TABLE attention (
  what      text NOT NULL,
  -- which edition, source or relay; empty where there is only one
  about     text NOT NULL,
  since     timestamptz NOT NULL,
  seen_at   timestamptz NOT NULL,
  mailed_at timestamptz,
  CONSTRAINT one_row_per_problem PRIMARY KEY (what, about)
);

-- Content of the outbox's alerts.
CREATE TABLE alert_mails (
  outbox_id bigint PRIMARY KEY REFERENCES outbox (id) ON DELETE CASCADE,
  -- one of ADMIN_EMAILS
  address   text NOT NULL,
  problems  jsonb NOT NULL
);
