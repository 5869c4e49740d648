-- Readers: their consent, preferences and time zone. An address keeps one row; erasing a reader empties the row.
CREATE TYPE subscriber_status AS ENUM ('pending', 'active', 'unsubscribed', 'bounced', 'complained', 'erased');
CREATE TYPE cadence AS ENUM ('daily', 'weekdays', 'weekly');
CREATE TYPE mail_format AS ENUM ('html', 'text');

CREATE TABLE subscribers (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- as typed, with the domain as its A-label
  email           text,
  -- lower-cased in code, ASCII letters only: a Unicode-aware fold would merge different mailboxes (K, U+212A)
  email_key       text,
  -- HMAC of email_key under SUPPRESSION_KEY: finds a suppression without keeping the address
  address_hash    bytea,
  status          subscriber_status NOT NULL DEFAULT 'pending',
  zone            text NOT NULL DEFAULT 'UTC',
  hour            smallint NOT NULL DEFAULT 8,
  cadence         cadence NOT NULL DEFAULT 'daily',
  size            smallint NOT NULL DEFAULT 10,
  next_digest_at  timestamptz,
  paused_until    timestamptz,
  -- part of the confirmation token; every sign-up changes it, which invalidates links of earlier emails
  confirm_nonce   bytea,
  requested_at    timestamptz,
  confirmed_at    timestamptz,
  left_at         timestamptz,
  consent_form    text,
  consent_origin  bytea,
  imported_by     text,
  imported_at     timestamptz,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  -- a catalogue of src/messages; not an enum, so that adding a language means adding one file
  locale          text NOT NULL DEFAULT 'en',
  -- slugs of src/papers/topics/topics.ts, and words as the reader typed them
  topics          text[] NOT NULL DEFAULT '{}',
  keywords        text[] NOT NULL DEFAULT '{}',
  -- put papers similar to those they voted for first; off unless the reader asks for it
  like_voted      boolean NOT NULL DEFAULT false,
  format          mail_format NOT NULL DEFAULT 'html',
  -- of a weekly digest; 1 is Monday (ISO 8601)
  weekday         smallint NOT NULL DEFAULT 1,
  -- the values before the last save, for its undo
  previous        jsonb,
  -- due time of a digest that was too late to send; the next digest mentions it
  missed_at       timestamptz,
  -- survives unsubscribing, so that resubscribing differs from a first confirmation
  first_confirmed_at timestamptz,
  -- when an unconfirmed sign-up got its only reminder
  reminded_at     timestamptz,
  CONSTRAINT one_subscriber_per_mailbox UNIQUE (email_key),
  CONSTRAINT hour_of_day CHECK (hour BETWEEN 0 AND 23),
  CONSTRAINT size_of_digest CHECK (size BETWEEN 1 AND 50),
  CONSTRAINT active_has_address CHECK (status <> 'active' OR (email IS NOT NULL AND next_digest_at IS NOT NULL)),
  CONSTRAINT locale_tag CHECK (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
  CONSTRAINT few_topics CHECK (cardinality(topics) <= 50),
  CONSTRAINT few_keywords CHECK (cardinality(keywords) <= 50),
  CONSTRAINT day_of_week CHECK (weekday BETWEEN 1 AND 7)
);
CREATE INDEX subscribers_due ON subscribers (cadence, next_digest_at) WHERE status = 'active';
CREATE INDEX subscribers_address_hash ON subscribers (address_hash);
CREATE INDEX subscribers_unconfirmed ON subscribers (requested_at) WHERE status = 'pending';

-- A reader's change to another address, until they confirm it there.
CREATE TABLE address_changes (
  subscriber_id bigint PRIMARY KEY,
  email         text NOT NULL,
  email_key     text NOT NULL,
  address_hash  bytea NOT NULL,
  nonce         bytea NOT NULL,
  requested_at  timestamptz NOT NULL
);

-- Whether this server's zone data knows a name. POSIX strings such as "FOO+3" are not names.
CREATE FUNCTION is_zone(name text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF name !~ '^[A-Za-z]+([/_+-][A-Za-z0-9_+-]+)*$' OR length(name) > 64 THEN RETURN false; END IF;
  IF name !~ '/' AND upper(name) NOT IN ('UTC', 'GMT') THEN RETURN false; END IF;
  -- Only these names have digits; PostgreSQL reads any other with an offset behind it, such as "FOO/BAR+3", as a POSIX rule.
  IF name ~ '[0-9]' AND name !~ '^Etc/GMT(0|[+]([0-9]|1[0-2])|-([0-9]|1[0-4]))$' THEN RETURN false; END IF;
  PERFORM timestamptz '2026-01-01 00:00:00+00' AT TIME ZONE name;
  RETURN true;
EXCEPTION WHEN invalid_parameter_value THEN
  RETURN false;
END $$;

-- The first moment after `after` when the reader's clock shows their hour on a day of their cadence.
-- Only the database computes it, because two libraries' zone data differ.
-- In a spring gap the hour does not exist; PostgreSQL moves forward by the gap.
-- An hour that occurs twice in autumn counts once, because the next candidate is the next calendar day.
-- Days that a zone skipped do not count: their noon is on another day. (Apia had no 30 December 2011.)
CREATE FUNCTION next_digest_at(zone text, hour integer, cadence cadence, weekday integer, after timestamptz)
RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
  -- A server with older zone data may not know a zone. That must not stop planning for all readers.
  clock constant text := CASE WHEN is_zone(zone) THEN zone ELSE 'UTC' END;
  day date := (after AT TIME ZONE clock)::date;
  moment timestamptz;
BEGIN
  -- Two weeks, because a week's only matching weekday may be a skipped day.
  FOR step IN 0..14 LOOP
    IF (cadence = 'daily' OR cadence = 'weekdays' AND extract(isodow FROM day) <= 5
        OR cadence = 'weekly' AND extract(isodow FROM day) = weekday)
       AND ((day + time '12:00') AT TIME ZONE clock AT TIME ZONE clock)::date = day
    THEN
      moment := (day + make_time(hour, 0, 0)) AT TIME ZONE clock;
      IF moment > after THEN RETURN moment; END IF;
    END IF;
    day := day + 1;
  END LOOP;
  RETURN NULL;
END $$;
