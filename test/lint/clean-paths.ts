/** Files and folders written in plain words. The list only grows: add a path once `npm run lint` finds nothing in it. */
export const CLEAN: readonly string[] = [
  '.env.example',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'README.md',
  'docs',
  'migrations',
  'src/cli',
  'src/http/admin',
  'src/http/assets',
  'src/messages',
  'src/operate/doctor',
  'src/operate/status.ts',
  'templates',
  'test/docs.test.ts',
]
