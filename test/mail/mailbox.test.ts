import { domainToUnicode } from 'node:url'
import { simpleParser } from 'mailparser'
import { expect, test } from 'vitest'
import { composeEditionHeaders } from '../../src/edition/compose/headers.ts'
import { domainOf } from '../../src/mail/mailbox.ts'
import { unsubscribeAddress } from '../../src/mail/own-addresses.ts'
import { composer } from '../../src/outbox/composer.ts'
import { readEnvironment } from '../../src/runtime/config/config.ts'
import { testConfig } from '../support/services.ts'

const SENDERS: [setting: string, name: string, address: string][] = [
  ['Paperboy: Daily <p@paperboy.example>', 'Paperboy: Daily', 'p@paperboy.example'],
  ['A; B <p@paperboy.example>', 'A; B', 'p@paperboy.example'],
  ['Lab (AI) <p@paperboy.example>', 'Lab (AI)', 'p@paperboy.example'],
  ['"Dr. J. Doe, MIT" <p@paperboy.example>', 'Dr. J. Doe, MIT', 'p@paperboy.example'],
  ['"Dr. \\"Jo\\" Doe, MIT" <p@paperboy.example>', 'Dr. "Jo" Doe, MIT', 'p@paperboy.example'],
  ['Say "hi" \\o/ <p@paperboy.example>', 'Say "hi" \\o/', 'p@paperboy.example'],
  ['Paperboy <p@münchen.example>', 'Paperboy', 'p@xn--mnchen-3ya.example'],
  ['日報 <p@paperboy.example>', '日報', 'p@paperboy.example'],
  ['p@paperboy.example', '', 'p@paperboy.example'],
]

/** mailparser decodes A-labels. */
const asPeopleReadIt = (address: string): string => address.replace(/[^@]+$/, domainToUnicode)

test.each(SENDERS)('%s is one mailbox with exactly that name, in ASCII', async (setting, name, address) => {
  const config = testConfig({ MAIL_FROM: setting, REPLY_TO: setting })
  const digest = composeEditionHeaders(config, { kind: 'daily', date: '2026-04-15' }, { boundary: 'b', locale: 'en' })
  const { message } = await composer.sendMail({
    from: config.MAIL_FROM,
    replyTo: config.REPLY_TO,
    to: 'a@b.example',
    text: 'x',
  })
  const service = String(message).split('\r\n\r\n')[0]!
  for (const head of [digest, service]) {
    expect(head).toMatch(/^[\t\r\n -~]*$/)
    const mail = await simpleParser(`${head.trimEnd()}\r\n\r\n`)
    expect(head).toContain(address)
    expect(mail.from!.value).toEqual([{ name, address: asPeopleReadIt(address) }])
    expect(mail.replyTo!.value).toEqual([{ name, address: asPeopleReadIt(address) }])
  }
  expect(digest).toContain(`<daily.paperboy.${domainOf(config.MAIL_FROM)}>`)
  expect(unsubscribeAddress({ ...config, BOUNCE_ADDRESS: undefined })).toBe(address)
})

test('international names of domains are A-labels in every setting', () => {
  const config = readEnvironment({
    BOUNCE_ADDRESS: 'bounce+*@münchen.example',
    DKIM_DOMAIN: 'münchen.example',
    DKIM_SELECTOR: 's',
    DKIM_PRIVATE_KEY_FILE: 'f',
    PUBLIC_URL: 'https://münchen.example/paperboy/',
  })
  expect(config).toMatchObject({
    BOUNCE_ADDRESS: 'bounce+*@xn--mnchen-3ya.example',
    DKIM_DOMAIN: 'xn--mnchen-3ya.example',
    PUBLIC_URL: 'https://xn--mnchen-3ya.example/paperboy',
  })
})

test.each([
  ['nobody', /must look like/],
  ['A <a@b.example>, B <b@b.example>', /must look like/],
  ['A\r\nBcc: x <a@b.example>', /line break|must look like/],
  ['=?utf-8?q?x?= <a@b.example>', /plain letters/],
])('refuses %j on startup, with a message', (setting, words) => {
  expect(() => readEnvironment({ MAIL_FROM: setting })).toThrow(words)
})
