import { z } from 'zod'
import { parseMoment } from '../../calendar/days.ts'
import { safeText } from '../../lib/postgres-safe.ts'
import { idOfNumber } from '../paper-id.ts'
import { authorNames } from './authors.ts'

/** Schemas for sources' fields. An invalid value counts as absent, because sources change their fields. */

const absent = <T extends z.ZodType>(type: T) => type.optional().catch(undefined)

const LONGEST_LINK = 2_000
const MOST_INTEGER = 2_147_483_647

export const text = absent(
  z
    .string()
    .transform((value) => safeText(value).trim())
    .pipe(z.string().min(1)),
)

/** An arXiv id or link. Some sources write the id as a number. */
export const identifier = absent(z.union([z.number().transform(idOfNumber), text]))

/** A link that is safe on a page: http or https, no white space, and no user name that looks like the host. */
export const link = absent(
  z
    .string()
    .transform((value) => value.trim())
    .refine(
      (value) =>
        value.length <= LONGEST_LINK &&
        /^https?:\/\/[^\s<>"\\^`{|}]+$/i.test(value) &&
        URL.canParse(value) &&
        new URL(value).username === '' &&
        new URL(value).password === '',
    )
    .transform(safeText),
)

/** A count of votes, comments or stars. Some sources write numbers as strings. */
export const count = absent(
  z
    .union([z.number(), z.string().regex(/^\d+$/).transform(Number)])
    .pipe(z.number().min(0).max(MOST_INTEGER))
    .transform(Math.trunc),
)

/** An instant in a year that JavaScript and PostgreSQL both write with four digits. */
export const moment = absent(
  z
    .string()
    .transform(parseMoment)
    .refine((at) => at !== undefined),
)

export const texts = z
  .array(text)
  .catch([])
  .transform((items) => items.filter((item): item is string => item !== undefined))

/** Names in order: strings, {name, hidden} without the hidden ones, or one line of names. */
export const authors = z
  .union([
    z.array(
      z.union([
        text.refine((name) => name !== undefined),
        z
          .object({
            name: text,
            hidden: z.unknown().optional(),
            user: z.object({ fullname: text }).optional().catch(undefined),
          })
          .transform((author) => (author.hidden === true ? undefined : (author.name ?? author.user?.fullname))),
        z.unknown().transform(() => undefined),
      ]),
    ),
    z.string().transform(safeText),
  ])
  .catch([])
  .transform((given) =>
    authorNames(typeof given === 'string' ? given : given.filter((name): name is string => name !== undefined)),
  )

export const nameOf = z
  .object({ fullname: text, name: text })
  .transform((named) => named.fullname ?? named.name)
  .optional()
  .catch(undefined)
