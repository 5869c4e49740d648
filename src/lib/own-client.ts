import pg from 'pg'

/**
 * Returns a client of its own, outside a pool. A connection that the server ends fails the next statement; without a listener it would
 * also end the process, with a stack trace and without cleaning up.
 */
export const ownClient = (options: pg.ClientConfig): pg.Client => new pg.Client(options).on('error', () => {})
