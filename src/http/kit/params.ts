import { z } from 'zod'
import { isMoment } from '../../calendar/days.ts'

/** An ISO timestamp, as paging links write it. */
export const pastMoment = z.iso
  .datetime()
  .transform((text) => new Date(text))
  .refine(isMoment, 'is no moment of the calendar')
