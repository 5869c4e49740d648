// A process that connects anywhere reads its settings first.
import '../connect-attempts.ts'
import { z } from 'zod'
import { bounceAddressProblem } from '../../mail/return-path.ts'
import { databaseUrlProblem, withoutWeakModes } from './database-url.ts'
import {
  addresses,
  checkedBy,
  count,
  domainRates,
  hostName,
  hours,
  imapUrl,
  isHost,
  isProxy,
  list,
  mailbox,
  onOff,
  origin,
  port,
  secret,
  toAsciiDomain,
  urlOf,
  webhookKey,
  webhookLogin,
} from './fields.ts'
import { DEFAULT_NEWSLETTER, type Newsletter, NewsletterProblems, readNewsletter } from './newsletter.ts'
import { redisUrlProblem } from './redis-url.ts'
import { relayProblem } from './relay-settings.ts'
import { SOURCE_NAMES } from './source-names.ts'
import { NO_TEMPLATES, readTemplateFiles, type TemplateFiles } from './template-files.ts'

const Environment = z
  .object({
    NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
    DATABASE_URL: checkedBy(databaseUrlProblem).transform(withoutWeakModes).optional(),
    REDIS_URL: checkedBy(redisUrlProblem).optional(),
    SMTP_URL: checkedBy(relayProblem).optional(),
    PUBLIC_URL: urlOf('http:', 'https:')
      .refine((value) => !/[?#\s]/.test(value), 'must have no query, fragment or white space')
      .refine((value) => !/^\w+:\/\/[^/]*@/.test(value), 'must have no user or password: every email shows it')
      .transform((value) => new URL(value).href.replace(/\/+$/, ''))
      .optional(),
    MAIL_FROM: mailbox.optional(),
    REPLY_TO: mailbox.optional(),
    INBOUND_IMAP_URL: imapUrl.optional(),
    INBOUND_SMTP_PORT: z.coerce.number().int().min(1).max(65535).optional(),
    INBOUND_RAW_DAYS: count(30, 400),
    SES_TOPIC_ARNS: list().pipe(z.array(z.string().startsWith('arn:aws:sns:', 'must be the ARN of an SNS topic'))),
    POSTMARK_WEBHOOK_LOGIN: webhookLogin.optional(),
    SENDGRID_WEBHOOK_KEY: webhookKey.optional(),
    MAILGUN_WEBHOOK_KEY: webhookKey.optional(),
    RESEND_WEBHOOK_SECRET: webhookKey
      .refine((value) => value.startsWith('whsec_'), 'must begin with whsec_')
      .optional(),
    BOUNCE_ADDRESS: checkedBy(bounceAddressProblem)
      .transform((pattern) => pattern.replace(/(?<=@).*$/, toAsciiDomain))
      .optional(),
    POSTAL_ADDRESS: z.string().optional(),
    NEWSLETTER_FILE: z.string().optional(),
    TEMPLATES_DIR: z.string().optional(),
    CURATOR_NAME: z.string().default('AK'),
    SECRET_KEY: secret.optional(),
    SECRET_KEY_PREVIOUS: list().pipe(z.array(secret)),
    SUPPRESSION_KEY: secret.optional(),
    // Node takes no brackets around an IPv6 address.
    HOST: z
      .string()
      .default('127.0.0.1')
      .transform((value) => value.trim().replace(/^\[(.*)\]$/, '$1'))
      .refine(isHost, 'must be an address such as 127.0.0.1 or ::, or a name, without a port'),
    PORT: port(3000),
    MAILBOX_PORT: port(1080),
    TRUST_PROXY: list().pipe(
      z.array(
        z
          .string()
          .refine(
            isProxy,
            'must be an address or a network such as 10.0.0.0/8, or loopback, linklocal or uniquelocal, and not all addresses',
          ),
      ),
    ),
    DATA_DIR: z
      .string()
      .refine((value) => !/^~/.test(value), 'must not begin with ~, which only a shell replaces: write the whole path')
      .default('.data'),
    PAPER_SOURCES: list('hf')
      .transform((names) => names.filter((name) => name !== 'none'))
      .pipe(z.array(z.enum(SOURCE_NAMES))),
    ARXIV_CATEGORIES: list('cs.AI,cs.CL,cs.CV,cs.LG').pipe(
      z.array(z.string().regex(/^[a-z-]+(?:\.[A-Za-z-]{2,})?$/, 'must be a category such as cs.CL')).min(1),
    ),
    EDITION_CLOSE_HOUR_UTC: z.coerce.number().int().min(0).max(23).default(2),
    EDITION_RELEASE_DELAY_MINUTES: z.coerce.number().int().min(0).max(1440).default(60),
    THIN_DAY_PAPERS: z.coerce.number().int().min(0).max(100).default(3),
    THIN_DAY: z.enum(['send', 'skip']).default('send'),
    OUTAGE_DAY: z.enum(['send', 'skip']).default('send'),
    FIRST_DIGEST: z.enum(['at-once', 'at-their-hour']).default('at-once'),
    DIGEST_FRESHNESS_HOURS: hours(12),
    DIGEST_EXPIRY_HOURS: hours(20),
    SIGN_UPS_PER_NETWORK: count(30, 1_000_000),
    SIGN_UPS_PER_DOMAIN: count(100, 1_000_000),
    SIGN_UPS_IN_ALL: count(1_000, 1_000_000),
    SMTP_CONNECTIONS: count(10, 200),
    SEND_RATE_PER_SECOND: z.coerce.number().positive().optional(),
    DOMAIN_RATES: list().transform(domainRates),
    ERROR_BUDGET_PERCENT: z.coerce.number().positive().max(100).default(10),
    DKIM_DOMAIN: hostName.optional(),
    DKIM_SELECTOR: list().pipe(z.array(hostName)),
    DKIM_PRIVATE_KEY_FILE: list(),
    COUNT_CLICKS: onOff('off'),
    THUMBNAILS: onOff('on'),
    SERVICE_MAIL_DAYS: count(90, 3650).refine(
      (days) => days >= 30,
      'must be at least 30, the time for which Paperboy remembers sign-ups',
    ),
    DELIVERY_DAYS: count(180, 3650).refine(
      (days) => days > 35,
      'must be more than 35, the days in which no paper repeats',
    ),
    LEFT_READER_DAYS: count(730, 36_500),
    INBOUND_EVENT_DAYS: count(400, 3650),
    BACKUP_DAYS: count(30, 3650),
    UNKNOWN_POLICY: z.enum(['resend', 'hold']).default('resend'),
    ADMIN_EMAILS: list().transform(addresses),
    WEBHOOKS_TO_PRIVATE_NETWORKS: onOff('off'),
    EMBED_ORIGINS: list().pipe(z.array(origin)),
    METRICS_TOKEN: z
      .string()
      .regex(/^[\x21-\x7e]{16,}$/, 'must be at least 16 characters of ASCII, without white space')
      .optional(),
    WORKER_METRICS_PORT: z.coerce.number().int().min(1).max(65535).optional(),
    LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  })
  .refine(
    ({ DKIM_DOMAIN, DKIM_SELECTOR: selectors, DKIM_PRIVATE_KEY_FILE: files }) =>
      files.length === selectors.length && (DKIM_DOMAIN ? files.length > 0 : files.length === 0),
    {
      path: ['DKIM_DOMAIN'],
      message: 'needs DKIM_SELECTOR and DKIM_PRIVATE_KEY_FILE, both with the same number of entries',
      // Runs although other variables have problems: one message reports all of them.
      when: ({ issues }) => !issues.some(({ path }) => String(path?.[0]).startsWith('DKIM_')),
    },
  )

/** The types of all settings, by name. */
export const SETTINGS: Readonly<Record<string, z.ZodType>> = Environment.shape

/** Every variable that is read; docs/configuration.md has the same. */
export const ENVIRONMENT_NAMES: string[] = Object.keys(SETTINGS)

/** Production must set these: a generated secret or a local mailbox there would be a silent mistake. */
const REQUIRED_IN_PRODUCTION = [
  'DATABASE_URL',
  'SMTP_URL',
  'PUBLIC_URL',
  'MAIL_FROM',
  'SECRET_KEY',
  'SUPPRESSION_KEY',
  'POSTAL_ADDRESS',
] as const

export type Environment = z.output<typeof Environment> & {
  /** from NEWSLETTER_FILE */
  newsletter: Newsletter
  /** from TEMPLATES_DIR */
  templates: TemplateFiles
}
type RequiredName = (typeof REQUIRED_IN_PRODUCTION)[number]
/** A complete configuration: services can be opened with it. */
export type Config = Omit<Environment, RequiredName> & { [K in RequiredName]: NonNullable<Environment[K]> }

export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * Reads and checks the environment. Only this function reads it.
 *
 * @param env usually `process.env`. Empty values count as absent, like `NAME=` in an .env file
 * @throws ConfigError that lists every problem and no value, since a value may be a secret
 */
export function readEnvironment(env: Record<string, string | undefined>): Environment {
  const given: typeof env = Object.fromEntries(
    Object.entries(env)
      .filter(([, value]) => value?.trim())
      // Windows editors begin a file with a byte order mark, which Node takes for a part of the first name in .env.
      .map(([name, value]) =>
        name.startsWith('\uFEFF') ? [name.slice(1), env[name.slice(1)] || value] : [name, value],
      ),
  )
  const { newsletter, problems: ofNewsletter } = newsletterOf(given.NEWSLETTER_FILE)
  given.CURATOR_NAME ??= newsletter.curator
  given.POSTAL_ADDRESS ??= newsletter.postalAddress
  // A newsletter with sources of its own reads others only if asked to.
  if (newsletter.sources.length > 0) given.PAPER_SOURCES ??= 'none'
  const parsed = Environment.safeParse(given, { error: inPlainWords })
  const missing = given.NODE_ENV === 'production' ? REQUIRED_IN_PRODUCTION.filter((name) => !given[name]) : []
  const { templates, problems: ofTemplates } = templatesOf(given.TEMPLATES_DIR)
  const problems = [
    ...ofNewsletter,
    ...ofTemplates,
    ...(parsed.error?.issues ?? []).map(({ path: [name, place], message }) =>
      typeof place === 'number' ? `${String(name)}, entry ${place + 1}, ${message}` : `${String(name)} ${message}`,
    ),
    ...missing.map((name) => `${name} is required in production`),
  ]
  if (problems.length > 0 || !parsed.success) {
    throw new ConfigError(
      `The configuration has ${problems.length === 1 ? 'a problem' : 'problems'}:\n${problems.map((line) => `  - ${line}`).join('\n')}\nSee docs/configuration.md.`,
    )
  }
  const { MAIL_FROM } = parsed.data
  // With a file, its name is also the sender's.
  if (MAIL_FROM?.name === '' && given.NEWSLETTER_FILE) MAIL_FROM.name = newsletter.name
  return { ...parsed.data, newsletter, templates }
}

function templatesOf(folder: string | undefined): { templates: TemplateFiles; problems: readonly string[] } {
  try {
    return { templates: folder ? readTemplateFiles(folder) : NO_TEMPLATES, problems: [] }
  } catch (error) {
    return { templates: NO_TEMPLATES, problems: [`TEMPLATES_DIR ${folder} ${(error as Error).message}`] }
  }
}

function newsletterOf(file: string | undefined): { newsletter: Newsletter; problems: readonly string[] } {
  try {
    return { newsletter: file ? readNewsletter(file) : DEFAULT_NEWSLETTER, problems: [] }
  } catch (error) {
    if (!(error instanceof NewsletterProblems)) throw error
    return { newsletter: DEFAULT_NEWSLETTER, problems: error.problems }
  }
}

/** Messages for rules above that have none of their own. */
const inPlainWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type':
      return `must be a ${issue.expected === 'int' ? 'whole ' : ''}number`
    case 'too_small':
      return issue.origin === 'array'
        ? 'must name at least one'
        : `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`
    case 'too_big':
      return `must be at most ${issue.maximum}`
    case 'invalid_value':
      return `must be one of: ${issue.values.join(', ')}`
    default:
      return undefined
  }
}

/** Returns whether every value that services need is set. */
export const isComplete = (environment: Environment): environment is Environment & Config =>
  REQUIRED_IN_PRODUCTION.every((name) => environment[name] !== undefined)

/** Returns the configuration of a process that starts no database or mailbox itself. @throws ConfigError that lists missing values */
export function requireComplete(environment: Environment): Config {
  if (isComplete(environment)) return environment
  const missing = REQUIRED_IN_PRODUCTION.filter((name) => environment[name] === undefined)
  throw new ConfigError(
    `This process also needs ${missing.join(', ')}. On one machine, \`npm start\` runs everything and needs none of them.`,
  )
}
