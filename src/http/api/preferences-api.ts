import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { promisedDigestAt } from '../../calendar/promised-digest.ts'
import { LOCALES } from '../../messages/catalogue.ts'
import type { Services } from '../../runtime/services.ts'
import { CADENCES, FORMATS, SHARE_NAMES } from '../../subscription/preference-rules.ts'
import { type Preferences, readPreferences, savePreferences, undoPreferences } from '../../subscription/preferences.ts'
import { disallowIndexing } from '../kit/security.ts'

const CHOICES = {
  cadence: z.enum(CADENCES),
  hour: z.number(),
  zone: z.string(),
  weekday: z.number(),
  size: z.number(),
  share: z.enum(SHARE_NAMES),
  topics: z.array(z.string()),
  keywords: z.array(z.string()),
  authors: z.array(z.string()),
  organisations: z.array(z.string()),
  likePapers: z.array(z.string()),
  likeVoted: z.boolean(),
  sourceLinks: z.boolean(),
  abstracts: z.boolean(),
  locale: z.enum(LOCALES),
  format: z.enum(FORMATS),
  pausedUntil: z.string().nullable(),
}
const Shown = z.object({ ...CHOICES, status: z.string(), nextDigestAt: z.string().nullable(), undoable: z.boolean() })
/** Absent fields keep their value. Unknown fields are an error, so that a typo does not pass unnoticed. */
const Given = z.strictObject(CHOICES).partial()

/** The preferences page as JSON, with the same links and permissions. */
export const preferencesApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  disallowIndexing(app)
  const schema = { params: z.object({ token: z.string() }), response: { 200: Shown } }
  const config = { errors: [404] }
  app.get(
    '/v1/preferences/:token',
    { config, schema: { summary: 'A reader’s preferences', ...schema } },
    async ({ params }) => shown(await readPreferences(services, params.token), services),
  )
  const patching = { summary: 'Change the preferences given', ...schema, body: Given }
  app.patch('/v1/preferences/:token', { config, schema: patching }, async ({ params, body }) =>
    // zod keeps absent fields absent, so they are not changed.
    shown(await savePreferences(services, params.token, body as Parameters<typeof savePreferences>[2]), services),
  )
  app.post(
    '/v1/preferences/:token/undo',
    { config, schema: { summary: 'Undo the last change', ...schema } },
    async ({ params }) => shown(await undoPreferences(services, params.token), services),
  )
}

/** A pause ends on a day in the reader's time zone, in requests and responses alike. The next digest is the one the page promises. */
const shown = (
  { pausedUntilDay, nextDigestAt, previousVersion, ...preferences }: Preferences,
  { config: { EDITION_CLOSE_HOUR_UTC } }: Pick<Services, 'config'>,
) => ({
  ...preferences,
  pausedUntil: pausedUntilDay,
  undoable: previousVersion !== null,
  nextDigestAt:
    nextDigestAt && promisedDigestAt({ ...preferences, nextDigestAt }, EDITION_CLOSE_HOUR_UTC).toISOString(),
})
