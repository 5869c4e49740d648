-- Imports of readers and papers spent half of their time in triggers that run for each row. Older processes are not disturbed.

-- An import stores thousands of readers in one statement. The trigger that reports added readers ran once for each, and took as long as
-- storing them. Now it runs once for each statement. It locks the table for a moment; older processes are not disturbed.
CREATE FUNCTION record_readers_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- A sign-up must not pay for this while no endpoint wants to know.
  IF EXISTS (SELECT FROM webhook_endpoints WHERE disabled_at IS NULL) THEN
    PERFORM record_webhook_event('reader.confirmed', a.updated_at, a.id,
      jsonb_build_object('reader', jsonb_build_object('id', a.id, 'status', a.status)))
    FROM added a WHERE a.status = 'active' ORDER BY a.id;
  END IF;
  RETURN NULL;
END $$;
DROP TRIGGER reader_added_is_reported ON subscribers;
CREATE TRIGGER reader_added_is_reported AFTER INSERT ON subscribers
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION record_readers_added();

-- A paper has some 130 rows of paper_terms. Checking the foreign key of each took longer than storing it. Papers are not deleted in
-- normal use; where one is, its words go with it. A paper's row of paper_vectors keeps its own key, so an index of a deleted paper fails.
ALTER TABLE paper_terms DROP CONSTRAINT paper_terms_paper_id_fkey;
CREATE FUNCTION forget_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM paper_terms WHERE paper_id IN (SELECT id FROM gone);
  RETURN NULL;
END $$;
CREATE TRIGGER deleting_forgets_words AFTER DELETE ON papers
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION forget_words();
