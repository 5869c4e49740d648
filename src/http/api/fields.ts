import { z } from 'zod'
import { dayField } from '../../calendar/day-field.ts'

export const emailField = z.string().max(1000)

/** What names an edition: its kind, and its list day or the Monday of its week. */
export const editionKey = { kind: z.enum(['daily', 'weekly']), date: dayField }

export const moment = z.string().describe('ISO 8601, in UTC')
export const nullableMoment = z.string().nullable()

/** The response of a request that returns nothing. */
export const NO_CONTENT = { 204: z.null().describe('Done. There is nothing to return.') }
