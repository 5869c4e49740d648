import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { dayOf } from '../../calendar/days.ts'
import { fullDay } from '../../calendar/words.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { AddressError } from '../../mail/address.ts'
import { contactOf } from '../../mail/contact.ts'
import { mintToken } from '../../mail/tokens.ts'
import type { Messages } from '../../messages/catalogue.ts'
import type { Services } from '../../runtime/services.ts'
import { changeAddress, checkAddressChange, requestAddressChange } from '../../subscription/change-address.ts'
import { eraseReader, exportReader } from '../../subscription/erase.ts'
import { readReader } from '../../subscription/find-reader.ts'
import { type ManagedReader, openManageLink, openToErase } from '../../subscription/manage.ts'
import { askForManageLink } from '../../subscription/sign-up.ts'
import { evidenceFields, readEvidence } from '../kit/evidence.ts'
import { setLocale } from '../kit/language.ts'
import { disallowIndexing } from '../kit/security.ts'
import { setOwnLanguage } from './own-language.ts'

/**
 * Export, erasure and address change. They need a fresh link, because people forward digests. Each is a button: GET changes
 * nothing.
 */
export const manageRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  disallowIndexing(app)
  const { keys, now } = services

  const asking = { querystring: z.object({ sent: z.literal('').optional().catch(undefined) }) }
  app.get('/manage', { schema: asking }, async ({ query }, reply) =>
    reply.view('request-manage-link', { sent: query.sent !== undefined, contact: contactOf(services.config) }),
  )

  const asked = { body: z.object({ email: z.string().catch(''), ...evidenceFields }).catch({ email: '' }) }
  app.post('/manage', { schema: asked }, async ({ body, ip }, reply) => {
    try {
      await askForManageLink(services, { typed: body.email, origin: ip, evidence: readEvidence(services, body) })
      return reply.redirect('/manage?sent=', 303)
    } catch (error) {
      if (!(error instanceof AddressError)) throw error
      const problem = reply.locals!.t.address[error.problem]
      return reply.code(422).view('request-manage-link', { typed: body.email, problem })
    }
  })

  const params = z.object({ token: z.string() })

  const show = async (reply: FastifyReply, reader: ManagedReader, token: string, more: object = {}) => {
    const link = (purpose: 'preferences' | 'unsubscribe') =>
      `/${purpose}/${mintToken(keys, purpose, reader.subscriberId, now())}`
    return reply.view('manage', {
      ...reader,
      since: reader.confirmedAt && fullDay(dayOf(reader.confirmedAt), reply.locals!.t.intl),
      action: `/manage/${token}`,
      preferences: link('preferences'),
      unsubscribe: link('unsubscribe'),
      signIn: `/votes/${mintToken(keys, 'vote', reader.subscriberId, now())}`,
      ...more,
    })
  }

  const opened = { params, querystring: z.object({ asked: z.literal('').optional().catch(undefined) }) }
  app.get('/manage/:token', { schema: opened }, async ({ params: { token }, query }, reply) => {
    const reader = await openManageLink(services, token)
    setLocale(reply, reader.locale)
    return show(reply, reader, token, { changeSent: query.asked !== undefined })
  })

  // A browser may open a form's address again, after a restart.
  for (const form of ['change', 'erase'])
    app.get(`/manage/:token/${form}`, { schema: { params } }, async ({ params: { token } }, reply) =>
      (await openToErase(services, token)) ? reply.redirect(`/manage/${token}#${form}`) : sayErased(reply),
    )

  app.post('/manage/:token/export', { schema: { params } }, async ({ params: { token } }, reply) => {
    const { subscriberId } = await openManageLink(services, token)
    const data = await exportReader(services, subscriberId)
    return reply
      .header('content-disposition', `attachment; filename="${services.config.newsletter.slug}-my-data.json"`)
      .type('application/json; charset=utf-8')
      .send(JSON.stringify(data, null, 2))
  })

  const erasing = { params, body: z.object({ sure: z.literal('yes').optional().catch(undefined) }).catch({}) }
  app.post('/manage/:token/erase', { schema: erasing }, async ({ params: { token }, body }, reply) => {
    const reader = await openToErase(services, token)
    if (!reader) return sayErased(reply)
    const t = setLocale(reply, reader.locale)
    if (body.sure !== 'yes') return show(reply.code(422), reader, token, { eraseProblem: t.manage.eraseMissing })
    await eraseReader(services, reader.subscriberId)
    return sayErased(reply)
  })

  const changing = { params, body: z.object({ email: z.string().catch('') }).catch({ email: '' }) }
  app.post('/manage/:token/change', { schema: changing }, async ({ params: { token }, body }, reply) => {
    const reader = await openManageLink(services, token)
    const t = setLocale(reply, reader.locale)
    try {
      await requestAddressChange(services, token, body.email)
      return reply.redirect(`/manage/${token}?asked=#change`, 303)
    } catch (error) {
      const problem = changeProblem(t, error)
      if (!problem) throw error
      return show(reply.code(422), reader, token, { typed: body.email, changeProblem: problem })
    }
  })

  app.register(addressChangeRoutes, services)
}

/** The link to the new address. GET shows a button. */
const addressChangeRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const params = z.object({ token: z.string() })
  app.get('/change/:token', { schema: { params } }, async ({ params: { token } }, reply) => {
    const { subscriberId } = checkAddressChange(services, token)
    await setOwnLanguage(services, reply, subscriberId)
    return reply.view('change', { action: `/change/${token}` })
  })

  app.post('/change/:token', { schema: { params } }, async ({ params: { token } }, reply) => {
    const { subscriberId } = checkAddressChange(services, token)
    const t = await setOwnLanguage(services, reply, subscriberId)
    try {
      await changeAddress(services, token)
      const { reader } = await readReader(services, subscriberId)
      const text = reader?.status === 'active' ? t.manage.changedText : t.preferences.inactive
      return await reply.view('message', { heading: t.manage.changed, text })
    } catch (error) {
      if (!(error instanceof PaperboyError && error.code === 'ADDRESS_TAKEN')) throw error
      return reply.code(409).view('message', { heading: t.manage.changeConfirmTitle, text: t.manage.taken })
    }
  })
}

const sayErased = (reply: FastifyReply) => {
  const { manage } = reply.locals!.t
  return reply.view('message', { heading: manage.erased, text: manage.erasedText })
}

function changeProblem(t: Messages, error: unknown): string | undefined {
  if (error instanceof AddressError) return t.address[error.problem]
  return error instanceof PaperboyError && error.code === 'TOO_MANY_SIGN_UPS' ? t.manage.tooOften : undefined
}
