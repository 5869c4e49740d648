import { z } from 'zod'
import { isDay } from '../../calendar/days.ts'

/** A day of the calendar. The pattern is in the API's description, the check of the calendar is not. */
export const dayField = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/)
  .refine(isDay, 'is not a day of the calendar: write YYYY-MM-DD')

export const emailField = z.string().max(1000)

/** An id of ours. */
export const idField = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER)

/** What names an edition: its kind, and its list day or the Monday of its week. */
export const editionKey = { kind: z.enum(['daily', 'weekly']), date: dayField }

export const moment = z.string().describe('ISO 8601, in UTC')
export const nullableMoment = z.string().nullable()
