import { asc } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import { authorNames } from '../../../src/papers/ingest/authors.ts'
import { papers } from '../../../src/runtime/db/schema.ts'
import { test } from '../../support/database.ts'
import { fixture, importing, withFile } from '../support.ts'

describe('authors', () => {
  test.for([
    ['A. One, B. Two and C. Three', ['A. One', 'B. Two', 'C. Three']],
    ['A. One, B. Two, and C. Three', ['A. One', 'B. Two', 'C. Three']],
    ['A. One, B. Two and C. Three, D. Four', ['A. One', 'B. Two', 'C. Three', 'D. Four']],
    ['A. One & B. Two', ['A. One', 'B. Two']],
    ['Carl Young, Jr., Bo Three, III', ['Carl Young Jr.', 'Bo Three III']],
    ['Ana Maria (University of A, Department B), Bo [1, 2]', ['Ana Maria', 'Bo']],
    ['Ana Maria, PhD, Bo Two, M.D.', ['Ana Maria', 'Bo Two']],
    ['Ada One*, Bo Two†, et al.', ['Ada One', 'Bo Two']],
    [
      'The ATLAS Collaboration: C. Four, D. Five and E. Six',
      ['The ATLAS Collaboration', 'C. Four', 'D. Five', 'E. Six'],
    ],
    ['A. One, for the CMS Collaboration', ['A. One', 'CMS Collaboration']],
    ['Young, Carl and García Márquez, Ana', ['Carl Young', 'Ana García Márquez']],
    ['Young, Jr., Carl; van der Berg, Jan; Ada Lovelace', ['Carl Young Jr.', 'Jan van der Berg', 'Ada Lovelace']],
    ['Young, C., Maria, A. B.', ['C. Young', 'A. B. Maria']],
    ['Özel, B.', ['B. Özel']],
    ['Plato, Aristotle', ['Plato', 'Aristotle']],
    ['M\\"uller, \\\'Elie, Paul Erd\\H{o}s', ['M\\"uller', "\\'Elie", 'Paul Erd\\H{o}s']],
    ['', []],
    [' , ; and ', []],
  ] as const)('of the line "%s"', ([line, names]) => {
    expect(authorNames(line)).toEqual(names)
  })

  test('in a list may have the surname first, or an affiliation', () => {
    expect(
      authorNames([
        'García Márquez, Gabriel',
        'Young, Carl, Jr.',
        'Ana Maria, University of A',
        'A. One and B. Two',
        'The ATLAS Collaboration',
      ]),
    ).toEqual(['Gabriel García Márquez', 'Carl Young Jr.', 'Ana Maria', 'A. One', 'B. Two', 'The ATLAS Collaboration'])
  })

  test('in arXiv’s RSS are the people and the collaboration', async ({ db }) => {
    await importing(db, fixture('rss-authors.xml'))
    const rows = await db.select().from(papers).orderBy(asc(papers.sourceId))
    expect(rows[0]!.authors).toEqual([
      'Carl Young Jr.',
      'Ana Maria',
      'Bo Three III',
      'The ATLAS Collaboration',
      'C. Four',
      'D. Five',
      'E. Six',
    ])
    expect(rows[1]!.authors).toHaveLength(4)
  })

  test('are the same in every format', async ({ db }) => {
    const line = 'Young, Carl, Jr.; Maria, Ana'
    const of = async (id: string, content: string) => {
      await withFile(content, (file) => importing(db, file, '2026-11-26'))
      const rows = await db.select().from(papers)
      return rows.find((row) => row.sourceId === id)!.authors
    }
    const people = ['Carl Young Jr.', 'Ana Maria']
    const plain = (id: string, authors: unknown) => JSON.stringify([{ id, title: id, abstract: 'x', authors }])
    expect(await of('2511.50001', plain('2511.50001', line))).toEqual(people)
    expect(await of('2511.50002', plain('2511.50002', ['Young, Carl, Jr.', 'Maria, Ana']))).toEqual(people)
    expect(await of('2511.50003', plain('2511.50003', [{ name: 'Young, Carl, Jr.' }, { name: 'Ana Maria' }]))).toEqual(
      people,
    )
    const dc = `<record><metadata><oai_dc:dc><dc:title>x</dc:title><dc:identifier>http://arxiv.org/abs/2511.50004</dc:identifier>
      <dc:creator>Young, Carl, Jr.</dc:creator><dc:creator>Maria, Ana</dc:creator><dc:date>2026-11-26</dc:date></oai_dc:dc></metadata></record>`
    expect(await of('2511.50004', dc)).toEqual(people)
  })
})
