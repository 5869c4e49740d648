import { type Colour, isColour, lowestContrast, shadeWithContrast } from '../../lib/colours.ts'

/** A colour of texts and marks, on light and on dark pages. */
export interface Shades {
  light: Colour
  dark: Colour
}

export interface Palette {
  accent: Shades
  gold: Shades
}

export const DEFAULT_PALETTE: Palette = {
  accent: { light: '#a3281c', dark: '#ff9a8a' },
  gold: { light: '#7d6118', dark: '#e3c36b' },
}

/** Every background that coloured text stands on: those of style.css and of the emails. */
export const BACKGROUNDS: Record<keyof Shades, readonly Colour[]> = {
  light: ['#fbf9f4', '#ffffff', '#f3efe6'],
  dark: ['#151517', '#1f1f23'],
}

/** Contrast that WCAG 2.2 AA asks of text (1.4.3). */
const LEAST = 4.5
/** A derived shade stays clear of the limit, as the default ones do. */
const COMFORTABLE = 7

const AWAY: Record<keyof Shades, '#000000' | '#ffffff'> = { light: '#000000', dark: '#ffffff' }

/** Returns the problem of a colour, with a shade that has none; or undefined. */
export function shadeProblem(text: string, theme: keyof Shades): string | undefined {
  if (!isColour(text)) return 'must look like #0b6e4f'
  const contrast = lowestContrast(text, BACKGROUNDS[theme])
  if (contrast >= LEAST) return undefined
  const usable = shadeWithContrast(text, AWAY[theme], BACKGROUNDS[theme], LEAST)
  return `has a contrast of ${contrast.toFixed(1)} on the ${theme} pages, and text needs ${LEAST}. Use ${usable}, for example`
}

/** Returns the shade for dark pages of a colour for light ones. */
export const darkShadeOf = (light: Colour): Colour => shadeWithContrast(light, AWAY.dark, BACKGROUNDS.dark, COMFORTABLE)
