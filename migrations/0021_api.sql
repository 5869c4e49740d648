-- API keys, idempotent requests and webhooks. New tables only, and triggers that write nothing until an endpoint exists, so older
-- processes keep working, and what they change is reported too.

-- A key's secret has 192 random bits, so its plain SHA-256 cannot be searched. The table cannot be used to sign in.
CREATE TABLE api_keys (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name         text NOT NULL,
  secret_hash  bytea NOT NULL CONSTRAINT one_key_per_secret UNIQUE,
  -- the first characters, by which a person recognises the key
  hint         text NOT NULL,
  scopes       text[] NOT NULL,
  per_minute   integer NOT NULL,
  created_at   timestamptz NOT NULL,
  created_by   text NOT NULL,
  expires_at   timestamptz,
  -- a day: a finer time would write a row for each request
  last_used_on date,
  revoked_at   timestamptz
);

-- POST requests with an Idempotency-Key, and their responses once there are any. Kept for a day. No response has an address.
CREATE TABLE idempotent_requests (
  api_key_id   bigint NOT NULL REFERENCES api_keys (id) ON DELETE CASCADE,
  key          text NOT NULL,
  -- keyed, since a body may have an address
  request_hash bytea NOT NULL,
  started_at   timestamptz NOT NULL,
  status       smallint,
  body         text,
  CONSTRAINT one_request_per_key PRIMARY KEY (api_key_id, key)
);

CREATE TABLE webhook_endpoints (
  id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  url               text NOT NULL,
  -- readable, since signing needs it
  secret            text NOT NULL,
  -- after a rotation, both sign until then
  previous_secret   text,
  previous_until    timestamptz,
  events            text[] NOT NULL,
  include_addresses boolean NOT NULL DEFAULT false,
  created_at        timestamptz NOT NULL,
  disabled_at       timestamptz,
  disabled_why      text
);

-- One event for one endpoint: its content, without addresses, and its attempts. No foreign key to subscribers, as for deliveries.
CREATE TABLE webhook_messages (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  endpoint_id   bigint NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
  event         text NOT NULL,
  occurred_at   timestamptz NOT NULL,
  subscriber_id bigint,
  data          jsonb NOT NULL,
  state         text NOT NULL DEFAULT 'waiting',
  attempts      integer NOT NULL DEFAULT 0,
  due_at        timestamptz NOT NULL DEFAULT '1970-01-01T00:00:00Z',
  attempted_at  timestamptz,
  status        smallint,
  failure       text
);
CREATE INDEX webhook_messages_waiting ON webhook_messages (due_at) WHERE state = 'waiting';
CREATE INDEX webhook_messages_by_endpoint ON webhook_messages (endpoint_id, id);
CREATE INDEX webhook_messages_by_reader ON webhook_messages (subscriber_id) WHERE subscriber_id IS NOT NULL;

-- Writes an event for each endpoint that wants it. Called in the transaction of the change.
CREATE FUNCTION record_webhook_event(event text, occurred_at timestamptz, subscriber_id bigint, data jsonb) RETURNS void
LANGUAGE sql AS $$
  INSERT INTO webhook_messages (endpoint_id, event, occurred_at, subscriber_id, data)
  SELECT e.id, $1, $2, $3, $4 FROM webhook_endpoints e WHERE e.disabled_at IS NULL AND $1 = ANY (e.events)
$$;

-- A reader's status and preferences change in statements of many kinds: by forms, imports, bounces, at once for many. A trigger is the
-- one place that sees them all. It names its columns, so that planning, which moves next_digest_at, does not run it.
CREATE FUNCTION record_reader_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM record_webhook_event(
    CASE WHEN NEW.status = OLD.status THEN 'reader.preferences_changed'
         WHEN NEW.status = 'active' THEN 'reader.confirmed' ELSE 'reader.' || NEW.status END,
    NEW.updated_at, NEW.id, jsonb_build_object('reader', jsonb_build_object('id', NEW.id, 'status', NEW.status)));
  RETURN NULL;
END $$;
CREATE TRIGGER reader_status_is_reported AFTER UPDATE OF status ON subscribers
  FOR EACH ROW WHEN (NEW.status IS DISTINCT FROM OLD.status AND NEW.status IN ('active', 'unsubscribed', 'bounced', 'complained'))
  EXECUTE FUNCTION record_reader_event();
CREATE TRIGGER reader_preferences_are_reported
  AFTER UPDATE OF cadence, hour, zone, weekday, size, topics, share, keywords, authors, organisations, like_papers, like_voted,
    source_links, abstracts, locale, format, paused_until ON subscribers
  FOR EACH ROW WHEN (NEW.status = 'active' AND OLD.status = 'active' AND
    (NEW.cadence, NEW.hour, NEW.zone, NEW.weekday, NEW.size, NEW.topics, NEW.share, NEW.keywords, NEW.authors, NEW.organisations,
     NEW.like_papers, NEW.like_voted, NEW.source_links, NEW.abstracts, NEW.locale, NEW.format, NEW.paused_until)
    IS DISTINCT FROM
    (OLD.cadence, OLD.hour, OLD.zone, OLD.weekday, OLD.size, OLD.topics, OLD.share, OLD.keywords, OLD.authors, OLD.organisations,
     OLD.like_papers, OLD.like_voted, OLD.source_links, OLD.abstracts, OLD.locale, OLD.format, OLD.paused_until))
  EXECUTE FUNCTION record_reader_event();

-- An import that attests consent adds active readers directly.
CREATE FUNCTION record_reader_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM record_webhook_event('reader.confirmed', NEW.updated_at, NEW.id,
    jsonb_build_object('reader', jsonb_build_object('id', NEW.id, 'status', NEW.status)));
  RETURN NULL;
END $$;
CREATE TRIGGER reader_added_is_reported AFTER INSERT ON subscribers
  FOR EACH ROW WHEN (NEW.status = 'active') EXECUTE FUNCTION record_reader_added();

-- Each sign-up queues one email. Reporting it here does the same work whether or not the address was known.
CREATE FUNCTION record_sign_up_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM record_webhook_event('reader.subscribed', NEW.created_at, NEW.subscriber_id,
    (SELECT jsonb_build_object('reader', jsonb_build_object('id', s.id, 'status', s.status)) FROM subscribers s WHERE s.id = NEW.subscriber_id));
  RETURN NULL;
END $$;
CREATE TRIGGER sign_up_is_reported AFTER INSERT ON outbox
  FOR EACH ROW WHEN (NEW.kind IN ('confirm', 'already')) EXECUTE FUNCTION record_sign_up_event();

CREATE FUNCTION record_edition_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM record_webhook_event('edition.' || CASE NEW.state WHEN 'sent' THEN 'finished' ELSE NEW.state::text END, now(), NULL,
    jsonb_build_object('edition', jsonb_build_object('kind', NEW.kind, 'date', NEW.date, 'subject', NEW.subject)));
  RETURN NULL;
END $$;
CREATE TRIGGER edition_state_is_reported AFTER UPDATE OF state ON editions
  FOR EACH ROW WHEN (NEW.state IS DISTINCT FROM OLD.state AND NEW.state IN ('released', 'paused', 'sent'))
  EXECUTE FUNCTION record_edition_event();
