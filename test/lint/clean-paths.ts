/** Files and folders written in plain words. The list only grows: add a path once `npm run lint` finds nothing in it. */
export const CLEAN: readonly string[] = [
  '.env.example',
  'src/cli',
  'src/operate/doctor',
  'src/http/admin',
  'src/http/assets',
  'src/messages',
  'src/operate/status.ts',
  'src/delivery/ledger',
  'src/delivery/plan',
  'src/relay',
  'templates',
  'test/delivery',
  'test/faults',
  'test/relay',
]
