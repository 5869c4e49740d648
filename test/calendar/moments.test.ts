import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const DAYS = new URL('../../src/calendar/days.ts', import.meta.url).href

/** Parses the texts in a process of this time zone. */
const parsedIn = (zone: string, texts: readonly string[]): (string | null)[] =>
  JSON.parse(
    execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { parseMoment } from '${DAYS}'; console.log(JSON.stringify(${JSON.stringify(texts)}.map(parseMoment)))`,
      ],
      { encoding: 'utf8', env: { ...process.env, TZ: zone } },
    ).replaceAll('undefined', 'null'),
  )

const MOMENTS = {
  '2026-04-14': '2026-04-14T00:00:00.000Z',
  '2026-04': '2026-04-01T00:00:00.000Z',
  '2026-04-14 01:00:00': '2026-04-14T01:00:00.000Z',
  '2026-04-14T01:00:00': '2026-04-14T01:00:00.000Z',
  '2026-04-14T01:00:00.250': '2026-04-14T01:00:00.250Z',
  '2026-04-14T01:00:00Z': '2026-04-14T01:00:00.000Z',
  '2026-04-14T01:00:00+02:00': '2026-04-13T23:00:00.000Z',
  '14 Apr 2026': '2026-04-14T00:00:00.000Z',
  '2026 Apr 14': '2026-04-14T00:00:00.000Z',
  'April 14, 2026': '2026-04-14T00:00:00.000Z',
  'Tue, 14 Apr 2026': '2026-04-14T00:00:00.000Z',
  'Tue, 14 Apr 2026 01:00:00 GMT': '2026-04-14T01:00:00.000Z',
  'Tue, 14 Apr 2026 01:00:00 EST': '2026-04-14T06:00:00.000Z',
  'Tue, 14 Apr 2026 01:00:00 -0400': '2026-04-14T05:00:00.000Z',
  'Tue Apr 14 2026 01:00:00 GMT+0200 (CEST)': '2026-04-13T23:00:00.000Z',
  'Tue, 14 Apr 2026 01:00:00 CEST': '2026-04-13T23:00:00.000Z',
  'Tue, 14 Apr 2026 01:00:00 JST': '2026-04-13T16:00:00.000Z',
  'Tue, 14 Apr 2026 01:00 PM': '2026-04-14T13:00:00.000Z',
  '2026-04-14 01:00:00 CET': '2026-04-14T00:00:00.000Z',
  '2026-04-14T01:00:00+02:00[Europe/Berlin]': '2026-04-13T23:00:00.000Z',
  'Tue, 14 Apr 2026 01:00:00 XYZ': null,
  '14-Apr-2026': '2026-04-14T00:00:00.000Z',
  'in the spring': null,
  '0001-01-01': null,
  '': null,
}

test.for(['UTC', 'Asia/Tokyo', 'America/Los_Angeles'])(
  'a time without a zone is UTC, also on a machine in %s',
  (zone) => {
    const texts = Object.keys(MOMENTS)
    expect(Object.fromEntries(parsedIn(zone, texts).map((at, place) => [texts[place], at]))).toEqual(MOMENTS)
  },
)
