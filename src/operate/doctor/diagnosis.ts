/** The result of one check. */
export interface Diagnosis {
  /** the part of the service that was checked */
  part: string
  /** error: email is lost, repeated or refused · warning: a doubt · ok: nothing to do */
  state: 'ok' | 'warning' | 'error'
  message: string
  /** the fix */
  remedy?: string
}

export const ok = (part: string, message: string): Diagnosis => ({ part, state: 'ok', message })
export const warning = (part: string, message: string, remedy: string): Diagnosis => ({
  part,
  state: 'warning',
  message,
  remedy,
})
export const failure = (part: string, message: string, remedy: string): Diagnosis => ({
  part,
  state: 'error',
  message,
  remedy,
})

const LABELS = { ok: 'ok', warning: 'warn', error: 'ERROR' }

/** One line per check, with its fix on the next line. */
export function formatDiagnoses(found: readonly Diagnosis[]): string {
  const widest = Math.max(...found.map(({ part }) => part.length))
  return found
    .flatMap(({ part, state, message, remedy }) => [
      `${LABELS[state].padEnd(6)} ${part.padEnd(widest)}  ${message}`,
      ...(remedy ? [`${' '.repeat(7 + widest)}  → ${remedy}`] : []),
    ])
    .join('\n')
}
