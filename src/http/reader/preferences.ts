import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { mintToken, verifyToken } from '../../mail/tokens.ts'
import type { Messages } from '../../messages/en.ts'
import { readTitles } from '../../papers/lists/titles.ts'
import { topicCounts } from '../../papers/topics/topic-counts.ts'
import { describeTaste, forgetTaste } from '../../papers/votes/learn-taste.ts'
import type { Services } from '../../runtime/services.ts'
import { FOLLOWED, follow, unfollow } from '../../subscription/follow.ts'
import { BadPreference } from '../../subscription/preference-rules.ts'
import { findUnknownPapers, readPreferences, savePreferences, undoPreferences } from '../../subscription/preferences.ts'
import { setLocale } from '../kit/language.ts'
import { disallowIndexing } from '../kit/security.ts'
import { type FormState, preferencesPage, readWishes } from './preferences-form.ts'
import { changesSince, readShown } from './shown-choices.ts'

/** Topics offered in the form: those with the most papers lately. */
const OFFERED = { days: 60, limit: 80 }

/** The form with the most and longest wishes, which it has twice: as shown and as typed. A Chinese character takes nine bytes. */
const FORM_BYTES = 128 * 1024

/**
 * Preferences that a link in a digest may change: schedule, size, content, pause. People forward digests, so export, erasure
 * and address change need a fresh link from /manage.
 */
export const preferencesRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  disallowIndexing(app)
  const { db, keys, now } = services
  const params = z.object({ token: z.string() })

  const page = async (reply: FastifyReply, token: string, current: FormState, more: object) => {
    const t = setLocale(reply, current.locale)
    const { subscriberId } = verifyToken(keys, 'preferences', token)
    const offered = {
      topics: await topicCounts(services, OFFERED),
      likePapers: await readTitles(services, current.typed?.likePapers ?? current.likePapers),
      taste: await describeTaste(db, subscriberId),
      languages: services.config.newsletter.languages,
    }
    return reply.view('preferences', {
      ...preferencesPage(current, offered, t, now(), services.config.EDITION_CLOSE_HOUR_UTC),
      action: `/preferences/${token}`,
      leave: `/unsubscribe/${mintToken(keys, 'unsubscribe', subscriberId, now())}`,
      ...more,
    })
  }

  const flag = z.literal('').optional().catch(undefined)
  const shown = { params, querystring: z.object({ saved: flag, undone: flag, forgotten: flag }) }
  app.get('/preferences/:token', { schema: shown }, async ({ params: { token }, query }, reply) => {
    const current = await readPreferences(services, token)
    return page(reply, token, current, {
      saved: query.saved !== undefined,
      undone: query.undone !== undefined,
      forgotten: query.forgotten !== undefined,
    })
  })

  const posted = { params, body: z.record(z.string(), z.unknown()).catch({}) }
  const saving = { schema: posted, bodyLimit: FORM_BYTES }
  app.post('/preferences/:token', saving, async ({ params: { token }, body }, reply) => {
    const current = await readPreferences(services, token)
    const t = setLocale(reply, current.locale)
    const shown = readShown(body.shown)
    const { wishes: typed, problems } = readWishes(body, t, shown ?? current)
    // A form without `shown` shows a pause by day, too. Sent back unchanged, it must not move to the start of that day.
    if (!shown && typed.pausedUntil === current.pausedUntilDay) delete typed.pausedUntil
    const wishes = changesSince(shown, typed, current)
    const unknown = problems.likePapers ? [] : await findUnknownPapers(services, wishes, current)
    if (unknown.length > 0) {
      problems.likePapers = describeUnknown(unknown, t)
      wishes.likePapers = wishes.likePapers!.filter((id) => !unknown.includes(id))
    }
    if (Object.keys(problems).length === 0) {
      try {
        await savePreferences(services, token, (latest) => changesSince(shown, typed, latest))
        return reply.redirect(`/preferences/${token}?saved=`, 303)
      } catch (error) {
        if (!(error instanceof BadPreference)) throw error
        problems[error.field] = t.preferences.problems[error.field]
      }
    }
    const more = { problems, typedPapers: unknown.join(' ') }
    return page(reply.code(422), token, { ...current, typed: wishes }, more)
  })

  const undoing = { params, body: z.object({ version: z.string().optional().catch(undefined) }).catch({}) }
  app.post('/preferences/:token/undo', { schema: undoing }, async ({ params: { token }, body }, reply) => {
    const { version } = await undoPreferences(services, token, body.version)
    // A later change of another tab stays, and the page claims nothing.
    const isUndone = (body.version ?? version) === version
    return reply.redirect(`/preferences/${token}${isUndone ? '?undone=' : ''}`, 303)
  })

  app.post('/preferences/:token/forget', { schema: posted }, async ({ params: { token } }, reply) => {
    await readPreferences(services, token)
    await forgetTaste(services, verifyToken(keys, 'preferences', token).subscriberId)
    return reply.redirect(`/preferences/${token}?forgotten=#taste`, 303)
  })

  // Buttons of other pages add or remove one wish: { authors: 'Yejin Choi' }.
  const wish = z.string().trim().min(1).optional()
  const wished = { params, body: z.object(Object.fromEntries(FOLLOWED.map((kind) => [kind, wish]))) }
  for (const [path, change] of [
    ['follow', follow],
    ['unfollow', unfollow],
  ] as const) {
    app.post(`/preferences/:token/${path}`, { schema: wished }, async ({ params: { token }, body }, reply) => {
      try {
        await change(services, token, body)
      } catch (error) {
        if (!(error instanceof BadPreference)) throw error
        const current = await readPreferences(services, token)
        const t = setLocale(reply, current.locale)
        const { field, unknown } = error
        const problem = unknown.length > 0 ? describeUnknown(unknown, t) : t.preferences.problems[field]
        const more = { problems: { [field]: problem }, typedPapers: unknown.join(' ') }
        return page(reply.code(422), token, current, more)
      }
      return reply.redirect(`/preferences/${token}?saved=`, 303)
    })
  }
}

const describeUnknown = (ids: readonly string[], t: Messages): string =>
  t.preferences.unknownPapers(ids.join(t.punctuation.comma))
