import type { Queues } from './queue.ts'

/**
 * Returns queues that open when a job is first added. For commands, of which most add none: loading BullMQ takes longer than all they do.
 *
 * @param open opens the queues in the database. Those on Redis hold a restore marker, so they cannot wait
 * @param onError receives the error when they cannot be opened
 */
export function lazyQueues(open: () => Promise<Queues>, onError: (error: Error) => void): Queues {
  let opened: Promise<Queues> | undefined
  const opening = () => {
    opened ??= open()
    return opened
  }
  return {
    wake: (name, data, key) => opening().then((queues) => queues.wake(name, data, key), onError),
    work: () => {
      throw new Error('A command does not process jobs.')
    },
    pause: () => {},
    isReachable: async () => true,
    stopWorking: async () => {},
    restoreMarkers: undefined,
    close: async () => (await opened?.catch(() => undefined))?.close(),
  }
}
