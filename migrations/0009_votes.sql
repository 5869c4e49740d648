-- Readers' own votes. Additive: nothing that runs reads or writes these tables, and the trigger fires for erasures alone.
--
-- A vote is one row for as long as it stands; taking it back deletes it. `network` is a keyed hash of the network and the UTC day, so
-- that a burst is seen as one while nobody's votes can be followed from one day to the next.
CREATE TABLE votes (
  subscriber_id bigint NOT NULL REFERENCES subscribers ON DELETE CASCADE,
  paper_id      bigint NOT NULL REFERENCES papers ON DELETE CASCADE,
  cast_at       timestamptz NOT NULL,
  network       bytea NOT NULL,
  CONSTRAINT one_vote_per_reader PRIMARY KEY (subscriber_id, paper_id)
);
CREATE INDEX votes_paper ON votes (paper_id);

-- Papers that a reader brought in, where we know the reader: their own vote for one is not counted. By the paper's id at its source,
-- since a submission is known before the paper is.
CREATE TABLE paper_submitters (
  source        text NOT NULL,
  source_id     text NOT NULL,
  subscriber_id bigint NOT NULL REFERENCES subscribers ON DELETE CASCADE,
  CONSTRAINT one_submitter_per_paper PRIMARY KEY (source, source_id, subscriber_id)
);

-- Erasing empties a reader's row and keeps it, so no foreign key would take their votes along. In the database, where no code that
-- erases can forget it.
CREATE FUNCTION forget_votes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM votes WHERE subscriber_id = NEW.id;
  DELETE FROM paper_submitters WHERE subscriber_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER erasing_forgets_votes AFTER UPDATE OF status ON subscribers
  FOR EACH ROW WHEN (NEW.status = 'erased') EXECUTE FUNCTION forget_votes();
CREATE INDEX paper_submitters_subscriber ON paper_submitters (subscriber_id);
