-- Whether a form may send a person another email, with the lock that the answer needs. Inside a function, the count sees what other
-- requests committed while this one waited for the lock. So a sign-up is one statement instead of a transaction of four.
-- Additive: running processes do not call it, and still lock in their own statement, with the same key.
-- by_person counts emails to a mailbox under its lock, by_reader those that one reader asked for, without a lock.
CREATE FUNCTION within_email_limit(by_person bytea, by_reader bigint, of_form service_mail[], of_forms service_mail[], at timestamptz,
  most integer, back_off_minutes integer[]) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF by_person IS NOT NULL THEN
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(by_person, 'hex'), 0));
  END IF;
  RETURN (
    SELECT count(*) < most AND coalesce(max(o.created_at) FILTER (WHERE o.kind = ANY(of_form))
        <= at - make_interval(mins => back_off_minutes[1 + count(*) FILTER (WHERE o.kind = ANY(of_form))]), true)
    FROM outbox o
    WHERE (o.person = by_person OR o.subscriber_id = by_reader) AND o.created_at > at - interval '1 day' AND o.kind = ANY(of_forms));
END $$;
