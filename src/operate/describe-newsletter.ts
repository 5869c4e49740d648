import type { Config } from '../runtime/config/config.ts'
import type { Newsletter } from '../runtime/config/newsletter.ts'

/** Lists the newsletter's identity in force, for people who run it: the settings of NEWSLETTER_FILE, with their values. */
export function describeNewsletter({
  newsletter,
  CURATOR_NAME,
  POSTAL_ADDRESS,
  NEWSLETTER_FILE,
}: Pick<Config, 'newsletter' | 'CURATOR_NAME' | 'POSTAL_ADDRESS' | 'NEWSLETTER_FILE'>): {
  name: string
  value: string
}[] {
  const { palette, languages, defaults, contact, links, logo, icon, poweredBy } = newsletter
  const inWords = (text: Newsletter['tagline']) => (typeof text === 'object' ? Object.values(text).join(' · ') : text)
  const image = (file: Newsletter['logo']) => file && `${file.type}, ${file.body.length} bytes`
  const shades = ({ light, dark }: { light: string; dark: string }) => `${light}, ${dark} on dark pages`
  const rows: [string, string | undefined][] = [
    ['file', NEWSLETTER_FILE],
    ['name', newsletter.name],
    ['tagline', inWords(newsletter.tagline)],
    ['curator', CURATOR_NAME],
    ['accent', shades(palette.accent)],
    ['gold', shades(palette.gold)],
    ['logo', image(logo)],
    ['icon', image(icon)],
    ['languages', languages.join(', ')],
    ['new readers get', `${defaults.cadence}, ${defaults.size} papers, at ${defaults.hour}:00`],
    ['postal address', POSTAL_ADDRESS],
    ['contact', contact],
    ['links', links.map(({ name, url }) => `${name} ${url}`).join(' · ')],
    ['powered by', poweredBy ? 'shown' : 'not shown'],
  ]
  return rows.map(([name, value]) => ({ name, value: value || 'none' }))
}
