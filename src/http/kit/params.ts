import { z } from 'zod'

/** A paper's number in a path. What cannot be one is no page, and says so as any other unknown paper. */
export const paperId = z
  .string()
  .regex(/^[1-9]\d{0,14}$/)
  .transform(Number)
  .catch(0)
