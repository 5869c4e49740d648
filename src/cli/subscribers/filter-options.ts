import { type Command, InvalidArgumentError, Option } from 'commander'
import type { z } from 'zod'
import { CADENCES } from '../../subscription/preference-rules.ts'
import { LISTED_STATUSES, ReaderFilter } from '../../subscription/reader-filter.ts'
import { parseDate } from '../options.ts'

const { topic, domain } = ReaderFilter.shape

const valid = (field: z.ZodType) => (text: string) => {
  const { data, error } = field.safeParse(text)
  if (error) throw new InvalidArgumentError(error.issues[0]!.message)
  return data
}

/** Adds the options that choose readers. */
export const addFilterOptions = (command: Command): Command =>
  command
    .addOption(new Option('--status <status>', 'only with this status').choices(LISTED_STATUSES))
    .addOption(new Option('--cadence <cadence>', 'only with this schedule').choices(CADENCES))
    .option('--topic <slug>', 'only those who follow this topic', valid(topic))
    .option('--domain <domain>', 'only addresses of this domain', valid(domain))
    .option('--joined-from <date>', 'only those who joined on this day or later', parseDate)
    .option('--joined-to <date>', 'only those who joined on this day or earlier', parseDate)

export const filterOf = (options: object): ReaderFilter => ReaderFilter.parse(options)
