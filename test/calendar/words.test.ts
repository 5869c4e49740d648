import { expect, test } from 'vitest'
import { momentInZone } from '../../src/calendar/in-zone.ts'
import { spanAround } from '../../src/calendar/spans.ts'
import {
  fullDay,
  monthOf,
  plainDay,
  plainSpan,
  shortCount,
  shortDay,
  shortSpan,
  weekdayAndNumber,
  weekdayDate,
} from '../../src/calendar/words.ts'
import { LOCALES, type Locale, messagesIn } from '../../src/messages/catalogue.ts'

test.each([
  ['en-GB', '13 – 19 April 2026', '30 March – 5 April 2026'],
  ['de-DE', '13.–19. April 2026', '30. März – 5. April 2026'],
  ['es-ES', '13–19 de abril de 2026', '30 de marzo – 5 de abril de 2026'],
  ['fr-FR', '13–19 avril 2026', '30 mars – 5 avril 2026'],
  ['zh-CN', '2026年4月13日至19日', '2026年3月30日至4月5日'],
])('the days of a week name their month and year once, in %s', (intl, within, across) => {
  const plain = (text: string) => text.replace(/[\u2009\u202f\u00a0]/g, ' ')
  expect(plain(plainSpan('2026-04-13', '2026-04-19', intl))).toBe(within)
  expect(plain(plainSpan('2026-03-30', '2026-04-05', intl))).toBe(across)
})

test.each(LOCALES)('a week of which only the Monday has come is that day, in %s', (locale) => {
  const { intl } = messagesIn(locale)
  expect(plainSpan('2027-01-04', '2027-01-04', intl)).toBe(plainDay('2027-01-04', intl))
})

test('a week of two years names both', () => {
  expect(plainSpan('2026-12-28', '2027-01-03', 'zh-CN')).toBe('2026年12月28日至2027年1月3日')
  expect(plainSpan('2026-12-28', '2027-01-03')).toMatch(/^28 December 2026\s–\s3 January 2027$/)
})

test('French writes the first of a month as an ordinal, and no other number', () => {
  const fr = messagesIn('fr')
  expect([plainDay, fullDay, shortDay, weekdayDate].map((words) => words('2026-05-01', fr.intl))).toEqual([
    '1er mai 2026',
    'vendredi 1er mai 2026',
    '1er mai',
    'vendredi 1er mai',
  ])
  expect(momentInZone(fr, new Date('2026-05-01T06:00Z'), 'Europe/Paris')).toBe(
    'vendredi 1er mai 2026 à 08:00 (Europe/Paris)',
  )
  expect(plainSpan('2026-06-01', '2026-06-07', fr.intl)).toBe('1er–7 juin 2026')
  expect(shortSpan(spanAround('week', '2026-06-03'), fr.intl)).toBe('1er–7 juin')
  expect([plainDay('2026-05-11', fr.intl), plainDay('2026-05-31', fr.intl)]).toEqual(['11 mai 2026', '31 mai 2026'])
  expect([weekdayAndNumber('2026-05-01', fr.intl), monthOf('2026-05-01', fr.intl)]).toEqual(['ven. 1', 'mai 2026'])
  expect(plainDay('2026-05-01', 'es-ES')).toBe('1 de mayo de 2026')
})

test('a number of stars is short, and written as its language does', () => {
  const short = (n: number, intl?: string) => shortCount(n, intl).replace(/[\u202f\u00a0]/g, ' ')
  expect([short(987), short(1240), short(10_000)]).toEqual(['987', '1.2k', '10k'])
  expect([short(1240, 'de-DE'), short(1240, 'fr-FR')]).toEqual(['1,2k', '1,2k'])
})

test('a link to a week names its days as the language writes them', () => {
  const named = (day: string, locale: Locale) =>
    shortSpan(spanAround('week', day), messagesIn(locale).intl).replace(/\s/g, ' ')
  expect(LOCALES.map((locale) => named('2026-04-14', locale))).toEqual([
    '13 – 19 Apr',
    '13.–19. Apr.',
    '13–19 abr',
    '13–19 avr.',
    '4月13日 – 4月19日',
  ])
  expect(LOCALES.map((locale) => named('2026-03-01', locale))).toEqual([
    '23 Feb – 1 Mar',
    '23. Feb. – 1. März',
    '23 feb – 1 mar',
    '23 févr. – 1er mars',
    '2月23日 – 3月1日',
  ])
  expect([named('2025-01-01', 'en'), named('2025-01-01', 'de')]).toEqual(['30 Dec – 5 Jan', '30. Dez. – 5. Jan.'])
})
