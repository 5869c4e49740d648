import { type SQL, sql } from 'drizzle-orm'

/**
 * Every table with data about a reader, for the export and for erasure. A test fails when a table with a subscriber's
 * id is missing here.
 * Reads return rows as JSON, without internal values (nonces, keys, hashes).
 */
interface PersonalTable {
  read: (subscriberId: number) => SQL
  /** undefined when erasing the subscriber's own row is enough */
  erase: ((subscriberId: number) => SQL) | undefined
}

export const PERSONAL_TABLES: Record<string, PersonalTable> = {
  subscribers: {
    read: (id) => sql`
      SELECT to_jsonb(s) - '{id,email_key,address_hash,confirm_nonce,consent_origin}'::text[] AS row FROM subscribers s WHERE id = ${id}`,
    erase: undefined,
  },
  address_changes: {
    read: (id) =>
      sql`SELECT jsonb_build_object('email', email, 'requested_at', requested_at) AS row FROM address_changes WHERE subscriber_id = ${id}`,
    erase: (id) => sql`DELETE FROM address_changes WHERE subscriber_id = ${id}`,
  },
  deliveries: {
    read: (id) => sql`
      SELECT jsonb_build_object('edition', e.kind || ' ' || e.date, 'state', d.state, 'reply', d.reply, 'handed_at', d.handed_at,
        'settled_at', d.settled_at, 'papers', (
          SELECT count(*) FROM generate_series(0, length(d.shown) * 8 - 1) AS bit WHERE get_bit(d.shown, bit::int) = 1)) AS row
      FROM deliveries d LEFT JOIN editions e ON e.id = d.edition_id WHERE d.subscriber_id = ${id} ORDER BY d.edition_id`,
    // The emptied row stays, so that the counts of an edition add up. A row being sent is recorded, then emptied.
    erase: (id) => sql`
      UPDATE deliveries SET reply = NULL, shown = NULL,
        state = CASE WHEN state IN ('queued', 'deferred') THEN 'erased' ELSE state END::delivery_state,
        settled_at = CASE WHEN state IN ('queued', 'deferred') THEN coalesce(settled_at, now()) ELSE settled_at END
      WHERE subscriber_id = ${id}`,
  },
  moved_addresses: {
    read: (id) => sql`
      SELECT jsonb_build_object('old_address', m.email, 'moved_at', o.created_at) AS row
      FROM moved_addresses m JOIN outbox o ON o.id = m.outbox_id WHERE o.subscriber_id = ${id} ORDER BY o.id`,
    erase: (id) =>
      sql`DELETE FROM moved_addresses m USING outbox o WHERE o.id = m.outbox_id AND o.subscriber_id = ${id}`,
  },
  outbox: {
    read: (id) => sql`
      SELECT jsonb_build_object('kind', kind, 'state', state, 'reply', reply, 'created_at', created_at, 'settled_at', settled_at) AS row
      FROM outbox WHERE subscriber_id = ${id} ORDER BY id`,
    erase: (id) => sql`DELETE FROM outbox WHERE subscriber_id = ${id}`,
  },
  suppressions: {
    read: (id) => sql`
      SELECT jsonb_build_object('reason', x.reason, 'created_at', x.created_at) AS row
      FROM suppressions x JOIN subscribers s ON s.address_hash = x.address_hash WHERE s.id = ${id}`,
    erase: undefined,
  },
  votes: {
    read: (id) => sql`
      SELECT jsonb_build_object('paper', p.title, 'cast_at', v.cast_at) AS row
      FROM votes v JOIN papers p ON p.id = v.paper_id WHERE v.subscriber_id = ${id} ORDER BY v.cast_at`,
    erase: (id) => sql`DELETE FROM votes WHERE subscriber_id = ${id}`,
  },
  marks: {
    read: (id) => sql`
      SELECT jsonb_build_object('paper', p.title, 'kind', m.kind, 'marked_at', m.marked_at) AS row
      FROM marks m JOIN papers p ON p.id = m.paper_id WHERE m.subscriber_id = ${id} ORDER BY m.marked_at`,
    erase: (id) => sql`DELETE FROM marks WHERE subscriber_id = ${id}`,
  },
  tastes: {
    read: (id) => sql`
      SELECT jsonb_build_object('votes', votes, 'saved', saved, 'not_interested', not_interested, 'learned_at', learned_at, 'words', (
        SELECT jsonb_agg(jsonb_build_object('word', t.term, 'weight', round(w.weight::numeric, 4)) ORDER BY w.place)
        FROM unnest(s.terms, s.weights) WITH ORDINALITY AS w (id, weight, place) JOIN terms t ON t.id = w.id), 'authors', authors) AS row
      FROM tastes s WHERE subscriber_id = ${id}`,
    erase: (id) => sql`DELETE FROM tastes WHERE subscriber_id = ${id}`,
  },
  paper_submitters: {
    read: (id) => sql`
      SELECT jsonb_build_object('source', source, 'paper', source_id) AS row FROM paper_submitters WHERE subscriber_id = ${id}`,
    erase: (id) => sql`DELETE FROM paper_submitters WHERE subscriber_id = ${id}`,
  },
  inbound_events: {
    read: (id) => sql`
      SELECT jsonb_build_object('received_at', received_at, 'source', source, 'class', class, 'reason', reason, 'did', did,
        'status', status, 'evidence', evidence) AS row
      FROM inbound_events WHERE subscriber_id = ${id} ORDER BY id`,
    // Reports about another reader that mention this address stay, without the raw message.
    erase: (id) => sql`
      WITH own AS (DELETE FROM inbound_events WHERE subscriber_id = ${id})
      UPDATE inbound_events SET raw = NULL, mentions = '{}'
      WHERE subscriber_id IS DISTINCT FROM ${id}
        AND mentions @> (SELECT ARRAY[address_hash] FROM subscribers WHERE id = ${id} AND address_hash IS NOT NULL)`,
  },
  webhook_messages: {
    read: (id) => sql`
      SELECT jsonb_build_object('event', event, 'occurred_at', occurred_at, 'state', state) AS row
      FROM webhook_messages WHERE subscriber_id = ${id} ORDER BY id`,
    erase: (id) => sql`DELETE FROM webhook_messages WHERE subscriber_id = ${id}`,
  },
}
