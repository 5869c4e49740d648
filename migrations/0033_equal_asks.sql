-- Asking for an email does the same work for every address, known or not: one row here, of nobody where the address is unknown.
-- `person` is a keyed hash of the address without its +tag. The emails that strangers can make us send are counted by it.
-- Additive, but workers of the version before fail at rows that name no subscriber: stop them before the api is replaced.
ALTER TABLE outbox
  ALTER COLUMN subscriber_id DROP NOT NULL,
  ADD COLUMN person bytea;
CREATE INDEX outbox_person ON outbox (person, created_at) WHERE person IS NOT NULL;
