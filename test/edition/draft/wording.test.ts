import { describe, expect } from 'vitest'
import { preview } from '../../../src/delivery/preview/preview.ts'
import { readEdition } from '../../../src/edition/compose/archive.ts'
import { assemble } from '../../../src/edition/draft/assemble.ts'
import { findEdition } from '../../../src/edition/draft/control.ts'
import { publishNotice, readNotices } from '../../../src/edition/draft/publish-notice.ts'
import { release } from '../../../src/edition/draft/release.ts'
import { schedule } from '../../../src/edition/draft/schedule.ts'
import { setWording, wordingState } from '../../../src/edition/draft/wording.ts'
import { fingerprint } from '../../../src/lib/fingerprint.ts'
import type { Db } from '../../../src/runtime/db/database.ts'
import { test } from '../../support/database.ts'
import { addPapers, servicesOn } from '../../support/services.ts'

const KEY = { kind: 'daily' as const, date: '2026-04-14' }
const SPONSOR = { name: 'Acme <Labs>', text: 'GPUs & more, by the hour.', url: 'https://acme.example/?a=1&b=2' }
const words = (text: string) => text.replaceAll(/\s+/g, ' ')

async function draftOn(db: Db) {
  const services = servicesOn(db)
  await addPapers(db, KEY.date, 4)
  await assemble(services, KEY)
  return services
}

describe('the curator’s words for a draft', () => {
  test('an own subject replaces the names of papers, in every language, and stays in the released email', async ({
    db,
  }) => {
    const services = await draftOn(db)
    await setWording(services, KEY, { subject: ' Read this one — ü ' })
    for (const locale of ['en', 'de'] as const)
      expect((await preview(services, KEY, undefined, { locale })).subject).toBe('Read this one — ü')
    await release(services, KEY)
    expect((await findEdition(services, KEY)).subject).toBe('Read this one — ü')
    expect((await preview(services, KEY)).eml.toString('latin1')).toMatch(/^Subject: =\?UTF-8\?Q\?Read_this_one/m)
  })

  test('a sponsor’s block is marked in each language, in HTML, text and archive, and frozen with the edition', async ({
    db,
  }) => {
    const services = await draftOn(db)
    expect((await preview(services, KEY)).html).not.toContain('Sponsored')
    await setWording(services, KEY, { sponsor: SPONSOR })
    const en = await preview(services, KEY)
    expect(en.html).toMatch(/>Sponsored<\/p>.*rel="sponsored"[^>]*>Acme &lt;Labs&gt;<\/a>.*GPUs &amp; more/s)
    expect(words(en.text)).toContain(
      'SPONSORED ========= Acme <Labs>: GPUs & more, by the hour. https://acme.example/?a=1&b=2',
    )
    const de = await preview(services, KEY, undefined, { locale: 'de' })
    expect(de.html).toContain('>Anzeige</p>')
    expect(de.text).toContain('ANZEIGE')
    const zh = await preview(services, KEY, undefined, { locale: 'zh' })
    expect(words(zh.text), 'a line as wide as the heading').toContain('广告 ==== Acme <Labs>：GPUs')
    await release(services, KEY)
    await expect(setWording(services, KEY, { sponsor: null })).rejects.toMatchObject({ code: 'EDITION_STATE' })
    const archived = (await readEdition(services, KEY.date))!
    expect(archived.html).toContain('>Sponsored</p>')
    expect(archived.text).toContain('Acme <Labs>')
  })

  test.for([
    [{ subject: 'x'.repeat(151) }],
    [{ subject: 'Hello\r\nBcc: all@example.org' }],
    [{ sponsor: { ...SPONSOR, url: 'javascript:alert(1)' } }],
    [{ sponsor: { ...SPONSOR, text: '' } }],
    [{ sponsor: { ...SPONSOR, text: 'x'.repeat(301) } }],
    [{ editorNote: 'Fine.', subject: 'a\u0000b' }],
    [{ editorNote: 'x'.repeat(1001), subject: 'Fine' }],
  ])('%j is refused, and nothing is saved', async ([wording], { db }) => {
    const services = await draftOn(db)
    await expect(setWording(services, KEY, wording!)).rejects.toMatchObject({ code: 'BAD_EDITION' })
    expect(await findEdition(services, KEY)).toMatchObject({ editorNote: null, ownSubject: null, sponsor: null })
  })

  test('what another curator saved in between is not overwritten', async ({ db }) => {
    const services = await draftOn(db)
    const seen = fingerprint(...wordingState(await findEdition(services, KEY)))
    await setWording(services, KEY, { editorNote: 'Mine.' }, seen)
    await expect(setWording(services, KEY, { editorNote: 'Yours.' }, seen)).rejects.toMatchObject({
      code: 'EDITION_CHANGED',
    })
    expect((await findEdition(services, KEY)).editorNote).toBe('Mine.')
  })
})

test('a release is scheduled by hand, keeps its time when the list is read again, and goes back to the usual one', async ({
  db,
}) => {
  const services = await draftOn(db)
  const at = new Date('2026-04-15T14:00:00Z')
  await schedule(services, KEY, at)
  await assemble(services, KEY)
  expect(await findEdition(services, KEY)).toMatchObject({ releaseAt: at, held: false, byHand: true })
  await schedule(services, KEY, null)
  expect((await findEdition(services, KEY)).releaseAt).toEqual(new Date('2026-04-15T03:00:00Z'))
  for (const wrong of ['2026-04-15T11:59:00Z', '2026-05-15T12:00:00Z'])
    await expect(schedule(services, KEY, new Date(wrong))).rejects.toMatchObject({ code: 'BAD_EDITION' })
  await expect(schedule(services, KEY, at, fingerprint('draft', true, ''))).rejects.toMatchObject({
    code: 'EDITION_CHANGED',
  })
})

test('a correction stands on the edition’s page at once, and in the next edition of its kind alone', async ({ db }) => {
  const services = await draftOn(db)
  await expect(publishNotice(services, KEY, 'Too early.')).rejects.toMatchObject({ code: 'EDITION_STATE' })
  await release(services, KEY)
  for (const wrong of ['  ', 'x'.repeat(501)])
    await expect(publishNotice(services, KEY, wrong)).rejects.toMatchObject({ code: 'BAD_EDITION' })
  await publishNotice(services, KEY, ' The votes of <QuanBench>\n were wrong. ')
  expect((await readNotices(services, KEY)).map((notice) => notice.words)).toEqual([
    'The votes of <QuanBench> were wrong.',
  ])
  const textOf = async (date: string) => {
    const later = servicesOn(db, {}, { now: new Date(Date.parse(`${date}T00:00:00Z`) + 27 * 3_600_000) })
    await addPapers(db, date, 3)
    await assemble(later, { date })
    await release(later, { date })
    return words((await readEdition(later, date))!.text)
  }
  expect(await textOf('2026-04-15')).toContain('On the edition (14 April): The votes of <QuanBench> were wrong.')
  expect(await textOf('2026-04-16')).not.toContain('On the edition')
})
