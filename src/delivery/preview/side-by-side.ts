import { escapeHtml } from '../../lib/escape-html.ts'
import { darkened, type Preview } from './preview.ts'

/**
 * Renders a self-contained page that shows a digest side by side: on a desktop, in dark mode, on a phone and as text.
 */
export function renderSideBySide({ subject, html, text }: Preview): string {
  const [dark, light] = [darkened(html, true), darkened(html, false)]
  const frame = (name: string, width: number, document: string) =>
    `<figure><figcaption>${name}</figcaption><iframe title="${name}" width="${width}" srcdoc="${escapeHtml(document)}"></iframe></figure>`
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${escapeHtml(subject)}</title>
<style>
body { margin: 0; padding: 16px; font: 15px/1.5 system-ui, sans-serif; background: #ddd8cc; color: #1b1b1f; }
h1 { font-size: 17px; margin: 0 0 12px; }
main { display: flex; gap: 16px; align-items: stretch; overflow-x: auto; height: calc(100vh - 90px); }
figure { margin: 0; display: flex; flex-direction: column; }
iframe { border: 0; background: #fff; flex: 1; }
pre { margin: 0; padding: 16px; background: #fff; overflow: auto; flex: 1; min-width: 74ch; font-size: 13px; }
</style>
</head>
<body>
<h1>${escapeHtml(subject)}</h1>
<main>
${frame('HTML', 640, light)}
${frame('Dark', 640, dark)}
${frame('Phone', 375, light)}
<figure><figcaption>Text</figcaption><pre>${escapeHtml(text)}</pre></figure>
</main>
</body>
</html>
`
}
