-- Readers' own votes. A vote is one row; taking it back deletes the row.
CREATE TABLE votes (
  subscriber_id bigint NOT NULL REFERENCES subscribers ON DELETE CASCADE,
  paper_id      bigint NOT NULL REFERENCES papers ON DELETE CASCADE,
  cast_at       timestamptz NOT NULL,
  -- keyed hash of the network and the UTC day: shows bursts, but cannot link a reader's votes across days
  network       bytea NOT NULL,
  CONSTRAINT one_vote_per_reader PRIMARY KEY (subscriber_id, paper_id)
);
CREATE INDEX votes_paper ON votes (paper_id);

-- Papers that a known reader suggested: their own vote for one does not count.
-- Refers to the source's id, because a suggestion exists before the paper does.
CREATE TABLE paper_submitters (
  source        text NOT NULL,
  source_id     text NOT NULL,
  subscriber_id bigint NOT NULL REFERENCES subscribers ON DELETE CASCADE,
  CONSTRAINT one_submitter_per_paper PRIMARY KEY (source, source_id, subscriber_id)
);
CREATE INDEX paper_submitters_subscriber ON paper_submitters (subscriber_id);

-- Erasing a reader keeps the emptied row, so a foreign key would not delete their votes.
-- A trigger, because no code that erases can forget it. It fires on erasures only.
CREATE FUNCTION forget_votes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM votes WHERE subscriber_id = NEW.id;
  DELETE FROM paper_submitters WHERE subscriber_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER erasing_forgets_votes AFTER UPDATE OF status ON subscribers
  FOR EACH ROW WHEN (NEW.status = 'erased') EXECUTE FUNCTION forget_votes();
