import { z } from 'zod'
import { bytes, moment, query } from '../runtime/db/query.ts'
import { suppressionReason } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'

const Row = z.object({ addressHash: bytes, reason: z.enum(suppressionReason.enumValues), createdAt: moment })

/** Lists suppressions by hash, since addresses are not stored. @param page.after the last hash of the page before */
export const listSuppressions = (
  { db }: Pick<Services, 'db'>,
  { after, limit }: { after?: Buffer | undefined; limit: number },
): Promise<z.output<typeof Row>[]> => query(db, Row)`
  SELECT address_hash, reason, created_at FROM suppressions
  WHERE address_hash > ${after ?? Buffer.alloc(0)} ORDER BY address_hash LIMIT ${limit}`
