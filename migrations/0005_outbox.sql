-- Service mails, each a row written in the transaction that made it necessary, so that no lost queue entry loses a mail.
CREATE TYPE service_mail AS ENUM ('confirm', 'welcome', 'already');
CREATE TABLE outbox (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind          service_mail NOT NULL,
  subscriber_id bigint NOT NULL,
  state         delivery_state NOT NULL DEFAULT 'queued',
  due_at        timestamptz NOT NULL DEFAULT now(),
  lease_until   timestamptz,
  hand_overs    smallint NOT NULL DEFAULT 0,
  crashes       smallint NOT NULL DEFAULT 0,
  message_key   bytea NOT NULL,
  reply         text,
  created_at    timestamptz NOT NULL DEFAULT now(),
  settled_at    timestamptz
);
CREATE INDEX outbox_to_do ON outbox (due_at) WHERE settled_at IS NULL;
CREATE INDEX outbox_subscriber ON outbox (subscriber_id, created_at);
