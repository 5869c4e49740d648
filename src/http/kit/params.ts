import { z } from 'zod'
import { isMoment } from '../../calendar/days.ts'

/** An ISO timestamp with its zone, as paging links and programs write it. */
export const pastMoment = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .refine(isMoment, 'is no moment of the calendar')

/** An id of ours. */
export const idField = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER)

/** A path on this site, such as "/papers?date=2026-04-14#p7". Rejects "//elsewhere.example" and "/\elsewhere.example". */
export const ownPath = z
  .string()
  .max(2000)
  .regex(/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/)
  .optional()
  .catch(undefined)
