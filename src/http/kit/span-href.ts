import type { Span } from '../../calendar/spans.ts'

const PARAMETER = { day: 'date', week: 'week', month: 'month' } as const

/** Path of the list of a day, week or month. */
export const spanHref = ({ kind, key }: Span): string => `/papers?${PARAMETER[kind]}=${key}`
