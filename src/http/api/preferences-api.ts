import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { LOCALES } from '../../messages/catalogue.ts'
import type { Services } from '../../runtime/services.ts'
import { type Preferences, readPreferences, savePreferences, undoPreferences } from '../../subscription/preferences.ts'
import { CADENCES, FORMATS } from '../../subscription/wishes.ts'
import { disallowIndexing } from '../kit/security.ts'

const CHOICES = {
  cadence: z.enum(CADENCES),
  hour: z.number(),
  zone: z.string(),
  weekday: z.number(),
  size: z.number(),
  topics: z.array(z.string()),
  keywords: z.array(z.string()),
  likeVoted: z.boolean(),
  locale: z.enum(LOCALES),
  format: z.enum(FORMATS),
  pausedUntil: z.string().nullable(),
}
const Shown = z.object({ ...CHOICES, status: z.string(), nextDigestAt: z.string().nullable(), undoable: z.boolean() })
/** What is not given stays as it is; what we do not know is refused rather than left out in silence. */
const Given = z.strictObject(CHOICES).partial()

/** The preferences page as JSON, by the same links and with the same rights. */
export const preferencesApiRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  disallowIndexing(app)
  const schema = { params: z.object({ token: z.string() }), response: { 200: Shown } }
  app.get('/v1/preferences/:token', { schema }, async ({ params }) =>
    shown(await readPreferences(services, params.token)),
  )
  app.patch('/v1/preferences/:token', { schema: { ...schema, body: Given } }, async ({ params, body }) =>
    // Fields that are absent are absent in what zod read, too.
    shown(await savePreferences(services, params.token, body as Parameters<typeof savePreferences>[2])),
  )
  app.post('/v1/preferences/:token/undo', { schema }, async ({ params }) =>
    shown(await undoPreferences(services, params.token)),
  )
}

/** The end of a pause is a day by the reader's calendar, as it is given. */
const shown = ({ pausedUntilDay, nextDigestAt, ...preferences }: Preferences) => ({
  ...preferences,
  pausedUntil: pausedUntilDay,
  nextDigestAt: nextDigestAt?.toISOString() ?? null,
})
