-- Pictures of papers, fetched once from the source, resized and served by us. In PostgreSQL, not in DATA_DIR: every api process must
-- serve them, and a backup has them. Two pictures take some 25 kB a paper, so 30 papers a day take 0.3 GB a year.
-- A new empty table: running processes are not disturbed.
CREATE TABLE thumbnails (
  paper_id   bigint PRIMARY KEY REFERENCES papers ON DELETE CASCADE,
  source_url text NOT NULL,
  attempts   smallint NOT NULL DEFAULT 0,
  -- the next attempt; NULL once there is a picture or no more hope of one
  due_at     timestamptz,
  failure    text,
  -- part of the picture's URL, so that browsers may keep it forever
  hash       text,
  width      smallint,
  height     smallint,
  small      bytea,
  large      bytea,
  CONSTRAINT whole_picture CHECK (num_nulls(hash, width, height, small, large) IN (0, 5))
);
-- WebP does not compress further. Out of line, lists that read only hash and size stay quick.
ALTER TABLE thumbnails ALTER COLUMN small SET STORAGE EXTERNAL, ALTER COLUMN large SET STORAGE EXTERNAL;
CREATE INDEX thumbnails_due ON thumbnails (due_at) WHERE due_at IS NOT NULL;
