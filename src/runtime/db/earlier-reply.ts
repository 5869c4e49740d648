import { type SQL, sql } from 'drizzle-orm'

/** Returns the reply of a delivery `d` that ends without another attempt: ours, then the relay's earlier one. */
export const withEarlierReply = (words: string | SQL): SQL<string> =>
  sql`concat_ws('; before: ', ${words}::text, d.reply)`
