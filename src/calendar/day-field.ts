import { z } from 'zod'
import { isDay } from './days.ts'

/** A day of the calendar. The pattern is in the API's description, the check of the calendar is not. */
export const dayField = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/)
  .refine(isDay, 'is not a day of the calendar: write YYYY-MM-DD')
