import { type Command, Option } from 'commander'
import { CADENCES } from '../../subscription/preference-rules.ts'
import { LISTED_STATUSES, ReaderFilter } from '../../subscription/reader-filter.ts'
import { parseDate } from '../options.ts'

/** Adds the options that choose readers. */
export const addFilterOptions = (command: Command): Command =>
  command
    .addOption(new Option('--status <status>', 'only with this status').choices(LISTED_STATUSES))
    .addOption(new Option('--cadence <cadence>', 'only with this schedule').choices(CADENCES))
    .option('--topic <slug>', 'only those who follow this topic')
    .option('--domain <domain>', 'only addresses of this domain')
    .option('--joined-from <date>', 'only those who joined on this day or later', parseDate)
    .option('--joined-to <date>', 'only those who joined on this day or earlier', parseDate)

export const filterOf = (options: object): ReaderFilter => ReaderFilter.parse(options)
