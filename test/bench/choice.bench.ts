import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ChoiceData, type ChoicePart, printPart } from './choice/part.ts'

const SUFFIX = '.part.ts'
const FOLDER = new URL('./choice/', import.meta.url)
const PARTS = readdirSync(FOLDER)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length))

const help = `npm run bench -- choice [--only ${PARTS.join(',')}] [--papers FOLDER]

Scores search, topics and each reader's choice on real papers, beside their baselines and targets. Models are fitted on
2025-04 to 2025-09 and 2026-01 to 2026-03; 2026-04 is only looked at. Without options it uses the data beside the checkout.`

export async function bench(args: string[], stack: AsyncDisposableStack): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string', default: PARTS.join(',') },
      papers: { type: 'string', default: join(import.meta.dirname, '../../../shared/data/papers') },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(help)
  if (!existsSync(values.papers))
    throw new Error(`There are no papers at ${values.papers}. Name their folder by --papers.`)
  const data = new ChoiceData(values.papers)
  for (const name of values.only.split(',')) {
    if (!PARTS.includes(name)) throw new Error(`There is no part ${name}. Parts: ${PARTS.join(', ')}.`)
    const { part } = (await import(`./choice/${name}${SUFFIX}`)) as { part: ChoicePart }
    printPart(part.title, await part.measure(data, stack))
  }
}
