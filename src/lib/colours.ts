/** A colour as "#rrggbb". */
export type Colour = `#${string}`

export const isColour = (text: string): text is Colour => /^#[0-9a-f]{6}$/i.test(text)

type Channels = [red: number, green: number, blue: number]

const channelsOf = (colour: Colour): Channels =>
  [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as Channels

/** Relative luminance (WCAG 2.2). */
function luminanceOf(colour: Colour): number {
  const [red, green, blue] = channelsOf(colour).map((channel) => {
    const share = channel / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as Channels
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** Contrast ratio of two colours, 1 to 21 (WCAG 2.2, success criterion 1.4.3). */
export function contrastOf(one: Colour, other: Colour): number {
  const [darker, lighter] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => a - b) as [number, number]
  return (lighter + 0.05) / (darker + 0.05)
}

/** The lowest contrast of a colour with any of the backgrounds. */
export const lowestContrast = (colour: Colour, backgrounds: readonly Colour[]): number =>
  Math.min(...backgrounds.map((background) => contrastOf(colour, background)))

const STEPS = 50

/** Returns the colour moved towards black or white until it has `least` contrast with every background. */
export function shadeWithContrast(
  colour: Colour,
  towards: '#000000' | '#ffffff',
  backgrounds: readonly Colour[],
  least: number,
): Colour {
  for (let step = 0; step < STEPS; step++) {
    const shade = mix(colour, towards, step / STEPS)
    if (lowestContrast(shade, backgrounds) >= least) return shade
  }
  return towards
}

function mix(colour: Colour, other: Colour, share: number): Colour {
  const others = channelsOf(other)
  const hex = channelsOf(colour).map((channel, at) => Math.round(channel + (others[at]! - channel) * share))
  return `#${hex.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`
}
