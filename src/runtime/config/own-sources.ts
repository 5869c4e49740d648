import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { SOURCE_NAMES } from './source-names.ts'

/** A source of papers that NEWSLETTER_FILE names. */
export interface OwnSource {
  /** stored with every read; a changed name loses the history of reads */
  name: string
  kind: 'feed' | 'arxiv' | 'list'
  /** URL of a feed, a query in arXiv's syntax, or URL or absolute path of a list */
  location: string
  /** added to the keywords of its papers */
  topics: readonly string[]
  /** how much its papers count where no community votes */
  weight: number
}

const url = z
  .string()
  .refine((text) => /^https?:\/\//.test(text) && URL.canParse(text), 'must be a URL starting with https:// or http://')

const Source = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{1,39}$/, 'must be 2 to 40 small letters, digits and dashes')
      .refine((name) => !SOURCE_NAMES.some((known) => known === name), `must not be ${SOURCE_NAMES.join(' or ')}`),
    feed: url.optional(),
    arxiv: z.string().min(3, 'must be a query such as cat:q-bio.NC').max(500).optional(),
    list: z.string().min(1).optional(),
    topics: z.array(z.string().trim().min(1).max(60)).max(5, 'must be at most 5').default([]),
    weight: z.number('must be a number').positive('must be more than 0').max(10, 'must be at most 10').default(1),
  })
  .refine(({ feed, arxiv, list }) => [feed, arxiv, list].filter((each) => each !== undefined).length === 1, {
    message: 'must have one of feed, arxiv and list',
  })

/** The tables `[[sources]]` of the file. */
export const OwnSources = z
  .array(Source)
  .max(50, 'must be at most 50')
  .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'must have different names')

/** @param file names the folder that paths are relative to */
export const ownSourcesOf = (sources: z.output<typeof OwnSources>, file: string): OwnSource[] =>
  sources.map(({ name, feed, arxiv, list, topics, weight }) => {
    if (feed !== undefined) return { name, kind: 'feed', location: feed, topics, weight }
    if (arxiv !== undefined) return { name, kind: 'arxiv', location: arxiv, topics, weight }
    const location = /^https?:\/\//.test(list!) ? list! : resolve(dirname(file), list!)
    return { name, kind: 'list', location, topics, weight }
  })
