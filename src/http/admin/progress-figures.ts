/** The states of deliveries, in the order and the words of the desk. Those without a name here are listed last, so that sums hold. */
const NAMES: Record<string, string> = {
  accepted: 'Accepted',
  queued: 'Waiting to be sent',
  handed: 'Handed over, no reply yet',
  deferred: 'Waiting for a retry',
  refused: 'Refused',
  unknown: 'Unknown',
  skipped: 'Skipped',
  expired: 'Expired',
  erased: 'Erased',
}

/** Counts by state, for a list of figures. @param all also states without deliveries, for a page that is updated live */
export const outcomeFigures = (states: Record<string, number>, { all = false }: { all?: boolean } = {}) =>
  [...new Set([...Object.keys(NAMES), ...Object.keys(states)])]
    .map((state) => ({ state, name: NAMES[state] ?? state, n: states[state] ?? 0 }))
    .filter(({ n }) => all || n > 0)
    .map(({ n, ...each }) => ({ ...each, count: n.toLocaleString('en') }))
