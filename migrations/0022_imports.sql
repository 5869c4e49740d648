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
