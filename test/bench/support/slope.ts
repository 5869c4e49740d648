/** The line through measurements over time, by least squares. */
export interface Slope {
  mean: number
  perHour: number
  /** twice the standard error of `perHour`: the true slope is within it 19 times of 20 */
  spread: number
}

/** @param hours when each value was measured */
export function slopeOf(hours: readonly number[], values: readonly number[]): Slope {
  const average = (of: readonly number[]) => of.reduce((sum, each) => sum + each, 0) / of.length
  const [middle, mean] = [average(hours), average(values)]
  const width = hours.reduce((sum, hour) => sum + (hour - middle) ** 2, 0)
  const perHour = hours.reduce((sum, hour, at) => sum + (hour - middle) * (values[at]! - mean), 0) / width
  const error = hours.reduce((sum, hour, at) => sum + (values[at]! - mean - perHour * (hour - middle)) ** 2, 0)
  return { mean, perHour, spread: 2 * Math.sqrt(error / Math.max(hours.length - 2, 1) / width) }
}

/** Returns whether a measure does not grow: its slope may be none, or an hour adds less than a twentieth of its mean. */
export const isFlat = ({ mean, perHour, spread }: Slope): boolean => perHour - spread <= 0 || perHour <= mean / 20
