import type { Queues } from './queue.ts'

/**
 * Returns queues that open when they are first used: loading BullMQ takes longer than all that most commands do, and a started service
 * first shows its page.
 *
 * @param open opens the queues in the database. Those on Redis hold a restore marker, so they cannot wait
 * @param onError receives the error when they cannot be opened to add a job
 */
export function lazyQueues(open: () => Promise<Queues>, onError: (error: Error) => void): Queues {
  let opened: Promise<Queues> | undefined
  const opening = () => {
    opened ??= open().catch((error) => {
      opened = undefined // the next use tries again: a database that was away must not stop a service that starts
      throw error
    })
    return opened
  }
  const ifOpen = async () => opened?.catch(() => undefined)
  return {
    wake: (name, data, key) => opening().then((queues) => queues.wake(name, data, key), onError),
    work: async (...jobs) => (await opening()).work(...jobs),
    pause: (name, ms) => void ifOpen().then((queues) => queues?.pause(name, ms)),
    isReachable: async () => true,
    stopWorking: async () => (await ifOpen())?.stopWorking(),
    restoreMarkers: undefined,
    close: async () => (await ifOpen())?.close(),
  }
}
