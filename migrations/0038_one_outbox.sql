-- Links to sign in go through the outbox too, so that one engine and one attempt policy hand over every email.
-- Workers of an earlier version stop mailing these links: restart them after this.
ALTER TYPE service_mail ADD VALUE 'sign-in';
ALTER TABLE outbox
  ADD COLUMN admin_session_id bigint REFERENCES admin_sessions ON DELETE CASCADE,
  -- lost connections, counted as the ledger of deliveries does
  ADD COLUMN cuts smallint NOT NULL DEFAULT 0;
ALTER TABLE admin_sessions DROP COLUMN handed_at;
