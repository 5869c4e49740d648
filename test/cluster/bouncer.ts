import { chmod, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { serverUser } from '../../src/embedded/system-user.ts'
import type { Machine, Network } from './network.ts'
import { askOnce, eventually, type PostgresPair } from './postgres.ts'

export interface Bouncer {
  machine: Machine
  /** DATABASE_URL for the product's processes */
  url: string
  /** Points to another server, as the script of a fail-over does: it closes all connections, whose server is gone. */
  pointTo(server: Machine): Promise<void>
}

const PORT = 6432

/** Starts PgBouncer in front of a pair of servers. */
export async function startBouncer(
  network: Network,
  { primary, user, password, database }: PostgresPair,
  mode: 'session' | 'transaction',
): Promise<Bouncer> {
  const machine = network.machine('bouncer')
  const file = join(network.folder, 'pgbouncer.ini')
  const users = join(network.folder, 'users.txt')
  const configure = async (server: Machine) => {
    await writeFile(
      `${file}.new`,
      `[databases]
${database} = host=${server.address} port=5432
[pgbouncer]
listen_addr = *
listen_port = ${PORT}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
admin_users = ${user}
pool_mode = ${mode}
max_client_conn = 300
default_pool_size = 150
server_connect_timeout = 3
server_login_retry = 1
log_connections = 0
log_disconnections = 0
`,
    )
    await rename(`${file}.new`, file)
  }
  await writeFile(users, `"${user}" "${password}"\n`)
  await configure(primary)
  await chmod(users, 0o644)
  machine.start('pgbouncer', [file], { user: await serverUser() })
  const urlOf = (name: string) => `postgres://${user}:${password}@${machine.address}:${PORT}/${name}`
  await eventually(() => askOnce(urlOf(database), 'SELECT 1'))
  return {
    machine,
    url: urlOf(database),
    async pointTo(server) {
      await configure(server)
      for (const command of ['RELOAD', `KILL ${database}`, `RESUME ${database}`])
        await askOnce(urlOf('pgbouncer'), command)
      await eventually(() => askOnce(urlOf(database), 'SELECT 1'))
    },
  }
}
