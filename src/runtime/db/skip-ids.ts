/** More than a database gives between a backup and its restore. */
const SKIPPED = 10_000_000

/**
 * SQL that skips ids in a restored database: those given since the backup are in links, envelope senders, webhooks and cookies. A new
 * reader with such an id could be unsubscribed by another person's link, or suppressed by another one's bounce. The cookie of an
 * admin who signed out would open the next admin's session. The tables may be those of an earlier version.
 */
export const SKIP_IDS = `
  SELECT setval(sequence, nextval(sequence) + ${SKIPPED})
  FROM unnest(ARRAY['subscribers', 'editions', 'outbox', 'webhook_messages', 'papers', 'admin_sessions']) AS name,
    LATERAL (SELECT CASE WHEN to_regclass(name) IS NOT NULL THEN pg_get_serial_sequence(name, 'id')::regclass END AS sequence) AS own`
