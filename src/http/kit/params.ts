import { z } from 'zod'
import { isMoment } from '../../calendar/days.ts'

/** An instant, as a page's link to the next one writes it. */
export const pastMoment = z.iso
  .datetime()
  .transform((text) => new Date(text))
  .refine(isMoment, 'is no moment of the calendar')
