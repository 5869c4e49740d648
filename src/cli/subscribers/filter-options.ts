import { type Command, Option } from 'commander'
import { CADENCES } from '../../subscription/preference-rules.ts'
import { LISTED_STATUSES, ReaderFilter } from '../../subscription/reader-filter.ts'
import { parseDate, usageErrors } from '../options.ts'

/** Reads an option as the filter reads it. */
const field = (name: 'topic' | 'domain') =>
  usageErrors((text) => {
    const { error, data } = ReaderFilter.shape[name].safeParse(text)
    if (error) throw new Error(`It ${error.issues[0]!.message}.`)
    return data
  })

/** Adds the options that choose readers. */
export const addFilterOptions = (command: Command): Command =>
  command
    .addOption(new Option('--status <status>', 'only with this status').choices(LISTED_STATUSES))
    .addOption(new Option('--cadence <cadence>', 'only with this schedule').choices(CADENCES))
    .option('--topic <slug>', 'only those who follow this topic', field('topic'))
    .option('--domain <domain>', 'only addresses of this domain', field('domain'))
    .option('--joined-from <date>', 'only those who joined on this day or later', parseDate)
    .option('--joined-to <date>', 'only those who joined on this day or earlier', parseDate)

export const filterOf = (options: object): ReaderFilter => ReaderFilter.parse(options)
