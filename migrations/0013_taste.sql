-- A reader's wishes beyond topics and keywords, and what their votes teach.
-- The new columns have constant defaults, so adding them rewrites no row. The checks read the table once, under its lock: about a
-- second for a million readers. Processes of the version before ignore the columns.
ALTER TABLE subscribers
  -- how much of a digest the reader's wishes fill: 0.4, 0.8 or all of it (src/edition/select/share.ts)
  ADD COLUMN share         text NOT NULL DEFAULT 'some',
  -- names as papers write them
  ADD COLUMN authors       text[] NOT NULL DEFAULT '{}',
  ADD COLUMN organisations text[] NOT NULL DEFAULT '{}',
  -- source ids of papers: the reader wants more like each. Not our ids, so that an export works elsewhere
  ADD COLUMN like_papers   text[] NOT NULL DEFAULT '{}',
  -- only later votes, saves and "not interested" teach; "forget" sets it
  ADD COLUMN learn_since   timestamptz,
  ADD CONSTRAINT share_of_wishes CHECK (share IN ('some', 'mostly', 'only')),
  ADD CONSTRAINT few_authors CHECK (cardinality(authors) <= 50),
  ADD CONSTRAINT few_organisations CHECK (cardinality(organisations) <= 50),
  ADD CONSTRAINT few_like_papers CHECK (cardinality(like_papers) <= 50);

-- Papers that a reader saved, or is not interested in. Beside votes, which are public and counted; these are the reader's alone.
CREATE TYPE paper_mark AS ENUM ('saved', 'not interested');
CREATE TABLE marks (
  subscriber_id bigint NOT NULL REFERENCES subscribers ON DELETE CASCADE,
  paper_id      bigint NOT NULL REFERENCES papers ON DELETE CASCADE,
  kind          paper_mark NOT NULL,
  marked_at     timestamptz NOT NULL,
  CONSTRAINT one_mark_per_kind PRIMARY KEY (subscriber_id, paper_id, kind)
);
CREATE INDEX marks_paper ON marks (paper_id);

-- What a reader's votes and marks say, as word weights: at most 256 terms, some 2 KB a reader. Only for readers who asked for it.
-- No foreign key to terms: rows of that table are never deleted.
CREATE TABLE tastes (
  subscriber_id  bigint PRIMARY KEY REFERENCES subscribers ON DELETE CASCADE,
  -- the heaviest first
  terms          integer[] NOT NULL,
  weights        real[] NOT NULL,
  -- how many of each it is made of, for the reader to see
  votes          smallint NOT NULL,
  saved          smallint NOT NULL,
  not_interested smallint NOT NULL,
  learned_at     timestamptz NOT NULL
);

-- Erasing a reader keeps the emptied row, so the foreign keys above would not delete these.
CREATE OR REPLACE FUNCTION forget_votes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM votes WHERE subscriber_id = NEW.id;
  DELETE FROM marks WHERE subscriber_id = NEW.id;
  DELETE FROM tastes WHERE subscriber_id = NEW.id;
  DELETE FROM paper_submitters WHERE subscriber_id = NEW.id;
  RETURN NULL;
END $$;
