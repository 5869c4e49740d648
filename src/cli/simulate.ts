import type { Command } from 'commander'
import { print } from '../lib/terminal.ts'
import { type DayRow, runSimulation } from '../simulate/simulate.ts'
import { collectGarbageLate } from './collect-garbage-late.ts'
import { parseBetween } from './options.ts'

/** At most this many broken cases of a rule are printed. */
const MOST_CASES = 10

export function simulateCommand(command: Command): void {
  command
    .option('--readers <number>', 'readers in all', parseBetween(10, 100_000), 2_000)
    .option('--days <number>', 'days of simulated time', parseBetween(14, 400), 35)
    .option('--seed <number>', 'another seed makes other readers and other trouble', parseBetween(0, 2 ** 31), 1)
    .action(async (options: { readers: number; days: number; seed: number }) => {
      collectGarbageLate()
      const { json } = command.optsWithGlobals()
      const result = await runSimulation(options, (row) => json || print(describeDay(row)))
      const broken = result.rules.filter((rule) => rule.broken.length > 0)
      if (json) print(JSON.stringify(result))
      else {
        print(`\n${result.votes} votes by links in digests.\n`)
        for (const { rule, checked, broken: cases } of result.rules) {
          print(`${cases.length === 0 ? 'holds ' : 'BROKEN'}  ${rule} (${checked.toLocaleString('en')} checked)`)
          for (const one of cases.slice(0, MOST_CASES)) print(`          ${one}`)
          if (cases.length > MOST_CASES) print(`          and ${cases.length - MOST_CASES} more`)
        }
      }
      if (broken.length > 0) process.exitCode = 1
    })
}

const describeDay = ({ day, digests, hours, services, confirmed, left }: DayRow): string =>
  [
    day,
    `${digests.toLocaleString('en').padStart(7)} digests ${hours.padEnd(11)}`,
    `${String(services).padStart(4)} other emails`,
    `${confirmed} confirmed`,
    `${left} left`,
  ].join('  ')
