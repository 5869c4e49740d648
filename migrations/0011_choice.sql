-- What a reader chooses beyond hour and size. Additive: every column fills itself, and the old clock function stays for workers of
-- the version before.
CREATE TYPE mail_format AS ENUM ('html', 'text');

ALTER TABLE subscribers
  -- a catalogue of src/messages; no enum, so that a language is one file
  ADD COLUMN locale text NOT NULL DEFAULT 'en',
  -- slugs of src/papers/topics/topics.ts; words as the reader typed them
  ADD COLUMN topics text[] NOT NULL DEFAULT '{}',
  ADD COLUMN keywords text[] NOT NULL DEFAULT '{}',
  -- whether papers like those they voted for come first: asked, never assumed
  ADD COLUMN like_voted boolean NOT NULL DEFAULT false,
  ADD COLUMN format mail_format NOT NULL DEFAULT 'html',
  -- of a weekly digest: 1 is Monday (ISO 8601)
  ADD COLUMN weekday smallint NOT NULL DEFAULT 1,
  -- what the last save changed, for its undo
  ADD COLUMN previous jsonb,
  -- the hour of a digest that came too late to be sent at all: the next digest says so
  ADD COLUMN missed_at timestamptz,
  ADD CONSTRAINT locale_tag CHECK (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
  ADD CONSTRAINT few_topics CHECK (cardinality(topics) <= 50),
  ADD CONSTRAINT few_keywords CHECK (cardinality(keywords) <= 50),
  ADD CONSTRAINT day_of_week CHECK (weekday BETWEEN 1 AND 7);

-- The first moment after `after` at which the reader's clock shows their hour on a day of their cadence. The only place that
-- computes it, since two libraries' zone data differ. In a spring gap the hour does not exist and PostgreSQL moves forward by the
-- gap; an hour that comes twice in autumn is taken once, since the next candidate is the next calendar day. A day that a zone
-- skipped (Apia crossed the date line and had no 30 December 2011) is nobody's: its noon is on another day.
CREATE FUNCTION next_digest_at(zone text, hour integer, cadence cadence, weekday integer, after timestamptz)
RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
DECLARE
  -- A zone that this server does not know, as after a move to one with older zone data, must not stop everybody's planning.
  clock constant text := CASE WHEN is_zone(zone) THEN zone ELSE 'UTC' END;
  day date := (after AT TIME ZONE clock)::date;
  moment timestamptz;
BEGIN
  -- Two weeks: the one weekday of a week may be a skipped day.
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
