-- What became of a paper after an edition showed it: said once, in the next edition. Additive: workers of the version before neither
-- write nor read any of it.
-- The title as the edition showed it; null in editions released before this.
ALTER TABLE edition_papers ADD COLUMN title text;

CREATE TABLE corrections (
  -- the edition that says it
  edition_id bigint NOT NULL REFERENCES editions ON DELETE CASCADE,
  paper_id   bigint NOT NULL REFERENCES papers ON DELETE CASCADE,
  kind       text NOT NULL CHECK (kind IN ('retitled', 'withdrawn')),
  -- which title it was given; null for a withdrawal
  new_title  text,
  CONSTRAINT one_correction_per_paper_and_edition PRIMARY KEY (edition_id, paper_id, kind)
);
CREATE INDEX corrections_paper ON corrections (paper_id);
