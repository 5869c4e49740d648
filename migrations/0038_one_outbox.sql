-- Links to sign in go through the outbox too, so that one engine and one attempt policy hand over every email.
-- Workers of an earlier version stop mailing these links: restart them after this.
ALTER TYPE service_mail ADD VALUE 'sign-in';
ALTER TABLE outbox
  ALTER COLUMN subscriber_id DROP NOT NULL,
  ADD COLUMN admin_session_id bigint REFERENCES admin_sessions ON DELETE CASCADE,
  -- lost connections, counted as the ledger of deliveries does
  ADD COLUMN cuts smallint NOT NULL DEFAULT 0,
  ADD CONSTRAINT to_one_person CHECK (num_nonnulls(subscriber_id, admin_session_id) = 1);
ALTER TABLE admin_sessions DROP COLUMN handed_at;
