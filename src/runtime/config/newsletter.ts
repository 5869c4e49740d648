import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import { z } from 'zod'
import type { Colour } from '../../lib/colours.ts'
import { fileProblem } from '../../lib/file-problem.ts'
import { parseAddress } from '../../mail/address.ts'
import { DEFAULT_NAME, LOCALES, type Locale, type Messages, messagesIn } from '../../messages/catalogue.ts'
import { type Image, readImage } from './newsletter-images.ts'
import { type OwnSource, OwnSources, ownSourcesOf } from './own-sources.ts'
import { DEFAULT_PALETTE, darkShadeOf, type Palette, shadeProblem } from './palette.ts'

/** A text in every language, or in each of some. */
type Localized = string | Partial<Record<Locale, string>>

/** Whose newsletter this is: everything that readers see of its identity. */
export interface Newsletter {
  name: string
  /** its name in header fields and file names: "trending-biology-papers" */
  slug: string
  tagline: Localized | undefined
  /** shown in place of the name at the top of pages */
  logo: Image | undefined
  logoDark: Image | undefined
  /** square, for browser tabs and home screens */
  icon: Image | undefined
  palette: Palette
  curator: string | undefined
  /** those that pages offer; the first is the default */
  languages: readonly [Locale, ...Locale[]]
  /** what a new reader gets until they choose */
  defaults: { cadence: 'daily' | 'weekdays' | 'weekly'; size: 5 | 10 | 20; hour: number }
  postalAddress: string | undefined
  /** where readers write to */
  contact: string | undefined
  links: readonly { name: string; url: string }[]
  /** Markdown */
  about: Localized | undefined
  poweredBy: boolean
  /** its own sources of papers, besides those of PAPER_SOURCES */
  sources: readonly OwnSource[]
}

const line = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(200, 'must be at most 200 characters')
  .regex(/^[^\p{Cc}\u2028\u2029]*$/u, 'must be one line')

const localized = <T extends z.ZodType<string>>(text: T) =>
  z.union([text, z.partialRecord(z.enum(LOCALES), text)], {
    error: `must be a text, or a table of texts by language (${LOCALES.join(', ')})`,
  })

const shade = (theme: 'light' | 'dark') =>
  z
    .string()
    .toLowerCase()
    .superRefine((text, context) => {
      const message = shadeProblem(text, theme)
      if (message) context.addIssue({ code: 'custom', message })
    })
    .transform((text) => text as Colour)

const webUrl = z.string().refine((text) => /^(?:https?|mailto):/.test(text) && URL.canParse(text), {
  message: 'must be a URL starting with https:, http: or mailto:',
})

const address = z.string().refine(isAddress, 'must look like hello@example.org')

const File = z.strictObject({
  name: line.max(60, 'must be at most 60 characters'),
  curator: line,
  tagline: localized(line).optional(),
  logo: z.string().optional(),
  logo_dark: z.string().optional(),
  icon: z.string().optional(),
  colours: z
    .strictObject({
      accent: shade('light').optional(),
      accent_dark: shade('dark').optional(),
      gold: shade('light').optional(),
      gold_dark: shade('dark').optional(),
    })
    .default({}),
  languages: z
    .array(z.enum(LOCALES, `must be among ${LOCALES.join(', ')}`))
    .min(1, 'must name at least one')
    .refine((all) => new Set(all).size === all.length, 'must name each language once')
    .optional(),
  cadence: z.enum(['daily', 'weekdays', 'weekly'], 'must be daily, weekdays or weekly').default('daily'),
  size: z.literal([5, 10, 20], 'must be 5, 10 or 20').default(10),
  hour: z.int('must be a whole number').min(0, 'must be 0 to 23').max(23, 'must be 0 to 23').default(8),
  postal_address: line.optional(),
  contact: address.optional(),
  links: z.array(z.strictObject({ name: line, url: webUrl })).default([]),
  about: localized(z.string().max(20_000, 'must be at most 20,000 characters')).optional(),
  powered_by: z.boolean('must be true or false').default(false),
  sources: OwnSources.default([]),
})

/** What everything is called without a file. */
export const DEFAULT_NEWSLETTER: Newsletter = {
  name: DEFAULT_NAME,
  slug: slugOf(DEFAULT_NAME),
  tagline: undefined,
  logo: undefined,
  logoDark: undefined,
  icon: undefined,
  palette: DEFAULT_PALETTE,
  curator: undefined,
  languages: LOCALES as [Locale, ...Locale[]],
  defaults: { cadence: 'daily', size: 10, hour: 8 },
  postalAddress: undefined,
  contact: undefined,
  links: [],
  about: undefined,
  poweredBy: false,
  sources: [],
}

/** The problems of a newsletter's file, each a sentence that begins with the file's name. */
export class NewsletterProblems extends Error {
  readonly problems: readonly string[]
  constructor(file: string, problems: readonly string[]) {
    super(problems.join('; '))
    this.problems = problems.map((problem) => `${file}: ${problem}`)
  }
}

/** Reads the file that NEWSLETTER_FILE names, with its images. @throws NewsletterProblems that lists every problem */
export function readNewsletter(file: string): Newsletter {
  const parsed = File.safeParse(readToml(file), { error: inPlainWords })
  const problems = (parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`.trim())
  if (!parsed.data) throw new NewsletterProblems(file, problems)
  const found = parsed.data
  const image = (key: 'logo' | 'logo_dark' | 'icon'): Image | undefined => {
    try {
      return found[key] === undefined ? undefined : readImage(resolve(dirname(file), found[key]))
    } catch (error) {
      problems.push(`${key} ${found[key]} ${(error as Error).message}`)
    }
  }
  const images = { logo: image('logo'), logoDark: image('logo_dark'), icon: image('icon') }
  const size = images.icon?.size
  if (size && (size.width !== size.height || size.width < LEAST_ICON))
    problems.push(`icon ${found.icon} must be square, with at least ${LEAST_ICON} pixels a side`)
  if (problems.length > 0) throw new NewsletterProblems(file, problems)
  return {
    name: found.name,
    slug: slugOf(found.name),
    tagline: found.tagline,
    ...images,
    palette: paletteOf(found.colours),
    curator: found.curator,
    languages: (found.languages ?? LOCALES) as [Locale, ...Locale[]],
    defaults: { cadence: found.cadence, size: found.size, hour: found.hour },
    postalAddress: found.postal_address,
    contact: found.contact,
    links: found.links,
    about: found.about,
    poweredBy: found.powered_by,
    sources: ownSourcesOf(found.sources, file),
  }
}

/** Phones want an icon of this many pixels. */
const LEAST_ICON = 192

function readToml(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof TomlError)
      throw new NewsletterProblems(file, [
        `line ${error.line}, column ${error.column}: ${error.message.split('\n')[0]}`,
      ])
    throw new NewsletterProblems(file, [`${fileProblem(error) ?? (error as Error).message}. NEWSLETTER_FILE names it`])
  }
}

/** A light colour without its dark one gets a derived one. */
function paletteOf(colours: z.output<typeof File>['colours']): Palette {
  const shades = (name: 'accent' | 'gold') => {
    const [light, dark] = [colours[name], colours[`${name}_dark`]]
    return {
      light: light ?? DEFAULT_PALETTE[name].light,
      dark: dark ?? (light ? darkShadeOf(light) : DEFAULT_PALETTE[name].dark),
    }
  }
  return { accent: shades('accent'), gold: shades('gold') }
}

function isAddress(text: string): boolean {
  try {
    parseAddress(text)
    return true
  } catch {
    return false
  }
}

/** Letters, digits and dashes, for List-Id (RFC 2919), Feedback-ID and file names. */
function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return slug || 'newsletter'
}

const inPlainWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be a ${issue.expected}`
    case 'unrecognized_keys':
      return `has unknown settings: ${issue.keys.join(', ')}`
    default:
      return undefined
  }
}

/** Returns a text in a language, else in the newsletter's first language, else in any. */
export function textIn(texts: Localized | undefined, locale: Locale, { languages }: Newsletter): string | undefined {
  if (texts === undefined || typeof texts === 'string') return texts
  return texts[locale] ?? texts[languages[0]] ?? Object.values(texts)[0]
}

/** Returns all texts in a language, with the newsletter's name. An unknown language counts as its default. */
export const messagesOf = ({ name, languages }: Newsletter, locale: Locale = languages[0]): Messages =>
  messagesIn(locale, name)

/** What the templates of emails need. */
export const brandOf = ({ name, palette }: Newsletter): Pick<Newsletter, 'name' | 'palette'> => ({ name, palette })
