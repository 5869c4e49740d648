import { type Command, Option } from 'commander'
import { parseDate } from '../options.ts'

/** Adds a command on one edition, which `--date` and `--kind` name. */
export const editionCommand = (edition: Command, name: string, description: string): Command =>
  edition
    .command(name)
    .description(description)
    .requiredOption('--date <day>', 'list day, or the Monday of the week for a weekly edition', parseDate)
    .addOption(new Option('--kind <kind>', 'kind of edition').choices(['daily', 'weekly']).default('daily'))
