-- What a curator decides about a draft beyond a pick or a drop. Every column is nullable or has a default, so that older processes keep
-- working. An older worker that assembles a draft ignores pins and added papers until it is updated. Nothing is rewritten.

-- A note without a pick. A row whose list_day is not its paper's own adds the paper to, or drops it from, the edition of that day.
ALTER TABLE picks ALTER COLUMN verdict DROP NOT NULL;
ALTER TABLE picks ADD CONSTRAINT pick_says_something CHECK (verdict IS NOT NULL OR note IS NOT NULL);

-- Fixed places in one edition, starting at 1.
CREATE TABLE edition_pins (
  edition_id bigint NOT NULL REFERENCES editions ON DELETE CASCADE,
  paper_id   bigint NOT NULL REFERENCES papers ON DELETE CASCADE,
  place      smallint NOT NULL CHECK (place BETWEEN 1 AND 120),
  CONSTRAINT one_pin_per_paper PRIMARY KEY (edition_id, paper_id),
  CONSTRAINT one_pin_per_place UNIQUE (edition_id, place)
);

ALTER TABLE editions
  -- replaces the subject that names the first papers
  ADD COLUMN own_subject text,
  -- {name, text, url}: a paid block, marked as such
  ADD COLUMN sponsor jsonb,
  -- a person chose this moment for the release; otherwise the schedule does
  ADD COLUMN scheduled_at timestamptz;

-- What an edition got wrong, in the curator's words. Its page shows it, and the next edition of its kind reports it once.
CREATE TABLE edition_notices (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  edition_id  bigint NOT NULL REFERENCES editions ON DELETE CASCADE,
  written_at  timestamptz NOT NULL,
  words       text NOT NULL,
  -- the edition that reports it
  reported_by bigint REFERENCES editions ON DELETE SET NULL
);
CREATE INDEX edition_notices_edition ON edition_notices (edition_id);
