import type { Span } from '../../calendar/spans.ts'

const PARAMETER = { day: 'date', week: 'week', month: 'month' } as const

/** Where the list of a span is. */
export const spanHref = ({ kind, key }: Span): string => `/papers?${PARAMETER[kind]}=${key}`
