import { InvalidArgumentError, Option } from 'commander'
import { isDay, isMoment } from '../calendar/days.ts'
import { SOURCE_NAMES } from '../runtime/config/source-names.ts'

// Commander shows the message of an InvalidArgumentError and exits with 2.

/** @throws InvalidArgumentError if it is not a date */
export function parseDate(text: string): string {
  if (!isDay(text)) throw new InvalidArgumentError(`"${text}" is not a date. Write it like 2026-04-14.`)
  return text
}

const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/

/** @throws InvalidArgumentError if it is not a moment with its time zone */
export function parseTime(text: string): Date {
  const at = new Date(text)
  if (!MOMENT.test(text) || !isMoment(at))
    throw new InvalidArgumentError(`"${text}" is not a time with its zone. Write it like 2026-04-14T09:05:00Z.`)
  return at
}

/** Splits a comma-separated list, without empty items. */
export const parseList = (text: string): string[] =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)

/** @returns an option parser that turns any error of `parse` into wrong usage */
export const usageErrors =
  <T, Rest extends unknown[]>(parse: (text: string, ...rest: Rest) => T) =>
  (text: string, ...rest: Rest): T => {
    try {
      return parse(text, ...rest)
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message)
    }
  }

export const sourceOption = () =>
  new Option(
    '--source <name>',
    `use this source instead of the configured ones: ${SOURCE_NAMES.join(', ')}, or one of the newsletter’s own`,
  )

/** @throws InvalidArgumentError if it is not a whole number above zero */
export function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InvalidArgumentError(`"${text}" is not a whole number above zero.`)
  return count
}

/** @returns a parser of whole numbers between these two, both included. It throws InvalidArgumentError */
export const parseBetween = (least: number, most: number) => (text: string) => {
  const count = Number(text)
  if (!Number.isInteger(count) || count < least || count > most)
    throw new InvalidArgumentError(`Use a whole number from ${least} to ${most}.`)
  return count
}
