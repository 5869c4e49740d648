import { daysLater } from '../../../calendar/days.ts'
import { spanNamed } from '../../../calendar/spans.ts'
import { PaperboyError } from '../../../lib/errors.ts'
import type { Span } from './source.ts'

/**
 * The days of a list day (`2026-03-14`), an ISO week (`2026-W11`, Monday to Sunday) or a month (`2026-03`), ascending.
 * @throws PaperboyError BAD_IMPORT for what is none of them
 */
export function spanDays(span: Span): string[] {
  const named = spanNamed('day', span) ?? spanNamed('week', span) ?? spanNamed('month', span)
  if (!named)
    throw new PaperboyError('BAD_IMPORT', `"${span}" is no day (2026-03-14), week (2026-W11) or month (2026-03).`)
  const days: string[] = []
  for (let day = named.from; day <= named.to; day = daysLater(day, 1)) days.push(day)
  return days
}
