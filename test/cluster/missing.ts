import { spawnSync } from 'node:child_process'

const PROGRAMS = ['ip', 'nft', 'setpriv', 'unshare', 'redis-server', 'pgbouncer']

/** Returns why this machine cannot have a cluster, or undefined. */
export function missingForCluster(): string | undefined {
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const absent = PROGRAMS.filter((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error)
  if (absent.length > 0) return `these programs are not installed: ${absent.join(', ')}`
  return spawnSync('unshare', ['-n', 'true']).status === 0 ? undefined : 'the system allows no network namespaces'
}
