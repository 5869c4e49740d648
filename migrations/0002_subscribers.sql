-- Readers, their consent and their clock. An address is one row for as long as it is known; erasing empties the row.
CREATE TYPE subscriber_status AS ENUM ('pending', 'active', 'unsubscribed', 'bounced', 'complained', 'erased');
CREATE TYPE cadence AS ENUM ('daily', 'weekdays', 'weekly');

CREATE TABLE subscribers (
  id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- as typed, with the domain as its A-label
  email           text,
  -- folded in code for ASCII letters only: a Unicode-aware fold would merge other people's mailboxes (K, U+212A)
  email_key       text,
  -- HMAC of email_key under SUPPRESSION_KEY: how a suppression is found without keeping the address
  address_hash    bytea,
  status          subscriber_status NOT NULL DEFAULT 'pending',
  zone            text NOT NULL DEFAULT 'UTC',
  hour            smallint NOT NULL DEFAULT 8,
  cadence         cadence NOT NULL DEFAULT 'daily',
  size            smallint NOT NULL DEFAULT 10,
  next_digest_at  timestamptz,
  paused_until    timestamptz,
  -- changes with every sign-up, and is part of the confirmation token: an older mail's link is then unknown
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
  CONSTRAINT one_subscriber_per_mailbox UNIQUE (email_key),
  CONSTRAINT hour_of_day CHECK (hour BETWEEN 0 AND 23),
  CONSTRAINT size_of_digest CHECK (size BETWEEN 1 AND 50),
  CONSTRAINT active_has_address CHECK (status <> 'active' OR (email IS NOT NULL AND next_digest_at IS NOT NULL))
);
CREATE INDEX subscribers_due ON subscribers (cadence, next_digest_at) WHERE status = 'active';
CREATE INDEX subscribers_address_hash ON subscribers (address_hash);

-- Addresses that must not be mailed, as keyed hashes, so that erasing someone keeps the promise.
CREATE TYPE suppression_reason AS ENUM ('hard bounce', 'complaint', 'erasure', 'manual');
CREATE TABLE suppressions (
  address_hash bytea PRIMARY KEY,
  reason       suppression_reason NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT now()
);

-- Whether this database's zone data knows a name; POSIX strings such as "FOO+3" are not names.
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

-- The first moment after `after` at which the reader's clock shows their hour on a day of their cadence. The only place that
-- computes it, since two libraries' zone data differ. In a spring gap the hour does not exist and PostgreSQL moves forward
-- into the same day; an hour that comes twice in autumn is taken once, since the next candidate is the next calendar day.
CREATE FUNCTION next_digest_at(zone text, hour integer, cadence cadence, after timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE AS $$
  SELECT candidate
  FROM (
    SELECT day, (day + make_time(hour, 0, 0)) AT TIME ZONE known.zone AS candidate
    -- A zone that this server does not know, as after a move to one with older zone data, must not stop everybody's planning.
    FROM (SELECT CASE WHEN is_zone(zone) THEN zone ELSE 'UTC' END AS zone) AS known,
      LATERAL (SELECT (after AT TIME ZONE known.zone)::date + step AS day FROM generate_series(0, 14) AS step) AS days
  ) AS candidates
  WHERE candidate > after
    AND CASE cadence
          WHEN 'daily' THEN true
          WHEN 'weekdays' THEN extract(isodow FROM day) <= 5
          WHEN 'weekly' THEN extract(isodow FROM day) = 1
        END
  ORDER BY day
  LIMIT 1
$$;
