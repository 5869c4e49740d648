import { type Dirent, existsSync, globSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { extname, join, relative } from 'node:path'

const ROOT = join(import.meta.dirname, '../../..')
const TEMPLATES = join(ROOT, 'templates')
const CSS = join(ROOT, 'src/http/assets')

export const TEMPLATES_FOLDER = TEMPLATES

/** The files of TEMPLATES_DIR that replace ours. */
export interface TemplateFiles {
  /** by path below `templates`, such as "partials/digest-foot.mjml"; style sheets are below "css" */
  files: ReadonlyMap<string, string>
  /** files with a name that nothing of ours has */
  ignored: readonly string[]
  /** files that cannot be used: ours are */
  broken: readonly { file: string; problem: string }[]
}

export const NO_TEMPLATES: TemplateFiles = { files: new Map(), ignored: [], broken: [] }

const LARGEST_BYTES = 500_000
const TYPES = new Set(['.eta', '.mjml', '.txt', '.css'])

/** Names that a file may have: those of ours. A path that leads out of the folder is none of them. */
const known = (): ReadonlySet<string> =>
  new Set([
    ...globSync('**/*.{eta,mjml,txt}', { cwd: TEMPLATES }),
    ...readdirSync(CSS)
      .filter((file) => extname(file) === '.css')
      .map((file) => `css/${file}`),
  ])

/** Reads a folder of templates. @throws Error with a message that continues the folder's name */
export function readTemplateFiles(folder: string): TemplateFiles {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw new Error('is not a folder')
  const names = known()
  const files = new Map<string, string>()
  const ignored: string[] = []
  const broken: { file: string; problem: string }[] = []
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const name = relative(folder, path)
    if (entry.isDirectory() || !isOurs(entry)) continue
    if (!names.has(name)) ignored.push(name)
    else if (statSync(path).size > LARGEST_BYTES)
      broken.push({ file: name, problem: `has more than ${LARGEST_BYTES} bytes` })
    else files.set(name, readText(path))
  }
  return { files, ignored: ignored.sort(), broken }
}

/** Windows editors begin a file with a byte order mark, which would stand in every email and page, and end lines with CRLF. */
const readText = (path: string): string => new TextDecoder().decode(readFileSync(path)).replaceAll('\r\n', '\n')

/** Editors and systems leave other files there. A symbolic link may lead anywhere. */
const isOurs = (entry: Dirent): boolean =>
  entry.isFile() && TYPES.has(extname(entry.name)) && !entry.name.startsWith('.')

/** Returns the text of a template: the operator's, or ours. @param path as eta resolves it */
export const textOfTemplate = ({ files }: TemplateFiles, path: string): string =>
  files.get(relative(TEMPLATES, path)) ?? readOurs(path)

function readOurs(path: string): string {
  if (!existsSync(path)) throw new Error(`there is no template ${relative(TEMPLATES, path)} to include`)
  return readFileSync(path, 'utf8')
}
