import { simpleParser } from 'mailparser'
import { expect, onTestFinished } from 'vitest'
import { sendServiceEmails } from '../../src/outbox/send-service-emails.ts'
import { relayAbility } from '../../src/relay/carries-utf8.ts'
import { subscribers } from '../../src/runtime/db/schema.ts'
import { form, siteOn } from '../http/site.ts'
import { test } from '../support/database.ts'
import { NEVER, relaysOn, sinkThat } from '../support/sending.ts'
import { servicesOn } from '../support/services.ts'

/** From the form to the relay: the address in the envelope and in To, and a link that confirms it. */
test.for([
  ['"Ada..Lovelace"@Example.org', '"Ada..Lovelace"@example.org', 'no'],
  ['ада@example.org', 'ада@example.org', 'yes'],
  ['用户@bücher.example', '用户@xn--bcher-kva.example', 'yes'],
] as const)('%s signs up, is mailed and confirms', async ([typed, email, utf8], { db }) => {
  const asked: unknown[] = []
  const sink = await sinkThat(
    {},
    {
      // Its strict mode refuses the dots, even in quotes.
      lenientAddressParsing: true,
      onMailFrom: ({ args }, _session, done) => {
        asked.push(args && args.SMTPUTF8 === true ? 'yes' : 'no')
        done()
      },
    },
  )
  const services = { ...servicesOn(db, { SMTP_URL: sink.url }), relayAbility: relayAbility(sink.url) }
  const { app } = siteOn(services)
  onTestFinished(() => app.close())
  const relay = relaysOn(sink.url, 1)

  expect((await app.inject({ method: 'POST', url: '/subscribe', ...form({ email: typed }) })).statusCode).toBe(303)
  expect((await db.select().from(subscribers))[0]).toMatchObject({ email, status: 'pending' })
  expect(await sendServiceEmails({ ...services, relay }, NEVER)).toBe(1)
  expect(asked, 'whether SMTPUTF8 was requested').toEqual([utf8])
  const [mail] = sink.taken
  // The domain may be in letters or an A-label.
  expect(mail!.to.replace('bücher', 'xn--bcher-kva')).toBe(email)
  const { to, text } = await simpleParser(Buffer.from(mail!.raw, 'latin1'))
  const [recipient] = [to].flat()[0]!.value
  expect(recipient!.address?.replace('bücher', 'xn--bcher-kva').replaceAll('"', '')).toBe(email.replaceAll('"', ''))
  const link = /(\/confirm\/[\w-]+)/.exec(text!)![1]!
  expect((await app.inject({ method: 'POST', url: link })).statusCode).toBe(303)
  expect((await db.select().from(subscribers))[0]).toMatchObject({ email, status: 'active' })
})

test('the form refuses letters that the relay cannot carry, and stores no reader', async ({ db }) => {
  const sink = await sinkThat({}, { hideSMTPUTF8: true })
  const services = { ...servicesOn(db, { SMTP_URL: sink.url }), relayAbility: relayAbility(sink.url) }
  const { app } = siteOn(services)
  onTestFinished(() => app.close())
  const reply = await app.inject({ method: 'POST', url: '/subscribe', ...form({ email: 'ада@example.org' }) })
  expect(reply.statusCode).toBe(422)
  expect(reply.body).toContain('can’t handle some letters before the @')
  expect(await db.$count(subscribers)).toBe(0)
})
