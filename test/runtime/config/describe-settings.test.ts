import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ENVIRONMENT_NAMES, readEnvironment } from '../../../src/runtime/config/config.ts'
import { describeSettings } from '../../../src/runtime/config/describe-settings.ts'

const shownOf = (env: Record<string, string>) =>
  Object.fromEntries(describeSettings(readEnvironment(env)).map(({ name, value }) => [name, value]))

const secret = fc.stringMatching(/^[A-Za-z0-9]{32,48}$/)

test('no setting that the schema has shows a secret: not as a value, not inside a URL', () => {
  fc.assert(
    fc.property(fc.uniqueArray(secret, { minLength: 14, maxLength: 14 }), (secrets) => {
      const [
        key,
        previous,
        suppression,
        metrics,
        postmark,
        sendgrid,
        mailgun,
        resend,
        db,
        redis,
        smtp,
        imap,
        ca,
        site,
      ] = secrets
      const shown = describeSettings({
        ...readEnvironment({
          SECRET_KEY: key!,
          SECRET_KEY_PREVIOUS: previous!,
          SUPPRESSION_KEY: suppression!,
          METRICS_TOKEN: metrics!,
          POSTMARK_WEBHOOK_LOGIN: `user:${postmark}`,
          SENDGRID_WEBHOOK_KEY: sendgrid!,
          MAILGUN_WEBHOOK_KEY: mailgun!,
          RESEND_WEBHOOK_SECRET: `whsec_${resend}`,
          DATABASE_URL: `postgres://paperboy:${db}@db.example:5433/papers?sslpassword=${db}`,
          REDIS_URL: `redis://:${redis}@queue.example:6379/2`,
          SMTP_URL: `smtps://u:${smtp}@mx.example:465?name=a, smtp://v:${ca}@two.example?name=b`,
          INBOUND_IMAP_URL: `imaps://bounces:${imap}@imap.example/INBOX`,
        }),
        // The schema refuses a login here. Shown is what a later schema may allow.
        PUBLIC_URL: `https://who:${site}@papers.example`,
      })
      const text = JSON.stringify(shown)
      expect(secrets.filter((each) => text.includes(each))).toEqual([])
      expect(text).toContain('postgres://db.example:5433')
      expect(text).toContain('smtps://mx.example:465, smtp://two.example')
      expect(text).toContain('https://papers.example')
    }),
    { numRuns: 30 },
  )
})

test('free text is hidden, unless it is known to hold no secret', () => {
  // Each name of the schema with a value of free text, as a setting that someone adds tomorrow.
  const canary = 'hunter2hunter2hunter2hunter2hunter2'
  const known = describeSettings(Object.fromEntries(ENVIRONMENT_NAMES.map((name) => [name, canary])))
  const open = known.filter(({ value }) => value.includes(canary)).map(({ name }) => name)
  expect(open.filter((name) => /(?:KEY|SECRET|TOKEN|LOGIN|PASSWORD|_URL)/.test(name))).toEqual([
    'PUBLIC_URL',
    'DKIM_PRIVATE_KEY_FILE',
  ])
})

test('numbers, choices, lists and mailboxes are shown as they are set, and defaults are marked', () => {
  const shown = shownOf({
    MAIL_FROM: 'Papers <papers@example.org>',
    DOMAIN_RATES: 'gmail.com=20,example.org=0.5',
    COUNT_CLICKS: 'on',
    UNKNOWN_POLICY: 'hold',
    ADMIN_EMAILS: 'ada@example.org, bob@example.org',
  })
  expect(shown).toMatchObject({
    MAIL_FROM: 'Papers <papers@example.org>',
    DOMAIN_RATES: 'gmail.com=20, example.org=0.5',
    COUNT_CLICKS: 'on',
    UNKNOWN_POLICY: 'hold',
    ADMIN_EMAILS: 'ada@example.org, bob@example.org',
    SMTP_CONNECTIONS: '10',
    SECRET_KEY: '',
  })
  expect(Object.keys(shown)).toEqual(ENVIRONMENT_NAMES)
  const byName = new Map(describeSettings(readEnvironment({ PORT: '80' })).map((each) => [each.name, each]))
  expect([byName.get('PORT')!.isDefault, byName.get('HOST')!.isDefault]).toEqual([false, true])
})
