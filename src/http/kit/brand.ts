import { escapeHtml } from '../../lib/escape-html.ts'
import { DEFAULT_NEWSLETTER, type Newsletter } from '../../runtime/config/newsletter.ts'
import type { Image } from '../../runtime/config/newsletter-images.ts'
import type { Palette } from '../../runtime/config/palette.ts'

/** A file that pages load. */
export interface Asset {
  body: Buffer
  type: string
}

/** Names of the files for browser tabs and home screens, and the manifest's list of them. */
export interface Icons {
  /** `rel="icon"` in pages */
  page: { file: string; type: string }
  /** for /favicon.ico */
  tab: string
  /** a PNG; iOS reads nothing else */
  apple: string | undefined
  manifest: readonly { file: string; sizes: string; type: string; purpose?: string }[]
}

const DEFAULT_ICONS: Icons = {
  page: { file: 'mark.svg', type: 'image/svg+xml' },
  tab: 'icon-32.png',
  apple: 'apple-touch-icon.png',
  manifest: [
    { file: 'icon-192.png', sizes: '192x192', type: 'image/png' },
    { file: 'icon-512.png', sizes: '512x512', type: 'image/png' },
    { file: 'icon-maskable.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
  ],
}

const extensionOf = ({ type }: Image): string => (type === 'image/png' ? 'png' : 'svg')

/** A newsletter without an icon gets its initial on its colour. */
const iconOf = (newsletter: Newsletter): Image =>
  newsletter.icon ?? { body: monogram(newsletter), type: 'image/svg+xml' }

export function iconsOf(newsletter: Newsletter): Icons {
  if (newsletter === DEFAULT_NEWSLETTER) return DEFAULT_ICONS
  const { type, size, ...icon } = iconOf(newsletter)
  const file = `icon.${extensionOf({ type, ...icon })}`
  return {
    page: { file, type },
    tab: file,
    apple: type === 'image/png' ? file : undefined,
    manifest: [{ file, sizes: size ? `${size.width}x${size.height}` : 'any', type }],
  }
}

/** A newsletter's own images, by file name. */
export function brandFiles(newsletter: Newsletter): Map<string, Asset> {
  const { logo, logoDark } = newsletter
  const images = { icon: iconOf(newsletter), logo, 'logo-dark': logoDark }
  return new Map(
    Object.entries(images).flatMap(([name, image]) => (image ? [[`${name}.${extensionOf(image)}`, image]] : [])),
  )
}

/** The logo's files for templates, or undefined: then the name is written. */
export const logoFiles = ({ logo, logoDark }: Newsletter) =>
  logo && {
    file: `logo.${extensionOf(logo)}`,
    dark: logoDark && `logo-dark.${extensionOf(logoDark)}`,
  }

export const paletteCss = ({ accent, gold }: Palette): string =>
  `\n:root{--accent:${accent.light};--gold:${gold.light}}` +
  `\n@media (prefers-color-scheme:dark){:root{--accent:${accent.dark};--gold:${gold.dark}}}\n`

const monogram = ({ name, palette }: Newsletter): Buffer =>
  Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><title>${escapeHtml(name)}</title>` +
      `<rect width="32" height="32" rx="6" fill="${palette.accent.light}"/>` +
      `<text x="16" y="23" text-anchor="middle" font-family="Georgia, serif" font-weight="700" font-size="20" fill="#fff">${escapeHtml([...name][0]!.toUpperCase())}</text></svg>`,
  )

/** Lets phones install the site. Its URLs are relative, since the service may live below a path. */
export const manifestOf = ({ name }: Newsletter, path: string, { manifest }: Icons) => ({
  id: './',
  start_url: './',
  scope: './',
  name,
  short_name: name,
  display: 'minimal-ui',
  background_color: '#fbf9f4',
  theme_color: '#fbf9f4',
  icons: manifest.map(({ file, ...icon }) => ({ src: `.${path}/${file}`, ...icon })),
})
