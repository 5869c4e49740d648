import { expect, test } from 'vitest'
import { lazyQueues } from '../../src/runtime/lazy-queues.ts'
import type { Handlers, Queues } from '../../src/runtime/queue.ts'

function recording() {
  const seen: string[] = []
  const queues: Queues = {
    wake: async (name) => void seen.push(`wake ${name}`),
    work: async () => void seen.push('work'),
    pause: (name) => void seen.push(`pause ${name}`),
    isReachable: async () => true,
    stopWorking: async () => void seen.push('stop'),
    restoreMarkers: undefined,
    close: async () => void seen.push('close'),
  }
  const open = async () => {
    seen.push('open')
    return queues
  }
  return { seen, open }
}

test('a command that adds no job opens no queue', async () => {
  const { seen, open } = recording()
  await lazyQueues(open, () => {}).close()
  expect(seen).toEqual([])
})

test('a job that a command adds without waiting is added before the queue closes', async () => {
  const { seen, open } = recording()
  const queues = lazyQueues(open, () => {})
  void queues.wake('send-service-emails', {})
  void queues.wake('send-service-emails', {})
  await queues.close()
  expect(seen).toEqual(['open', 'wake send-service-emails', 'wake send-service-emails', 'close'])
})

test('a service opens the queue to work, and pauses and stops what works', async () => {
  const { seen, open } = recording()
  const queues = lazyQueues(open, () => {})
  queues.pause('batches', 1)
  await queues.stopWorking()
  await queues.work({} as Handlers, { scheduled: 1, emails: 1, batches: 1 }, () => {})
  queues.pause('batches', 1)
  await queues.stopWorking()
  await queues.close()
  expect(seen).toEqual(['open', 'work', 'pause batches', 'stop', 'close'])
})

test('a service whose queue cannot be opened does not start', async () => {
  const queues = lazyQueues(
    () => Promise.reject(new Error('away')),
    () => {},
  )
  const working = queues.work({} as Handlers, { scheduled: 1, emails: 1, batches: 1 }, () => {})
  await expect(working).rejects.toThrow('away')
})

test('a queue that cannot be opened is reported, and the command goes on', async () => {
  const errors: string[] = []
  const queues = lazyQueues(
    () => Promise.reject(new Error('away')),
    (error) => errors.push(error.message),
  )
  await queues.wake('send-service-emails', {})
  await queues.close()
  expect(errors).toEqual(['away'])
})

test('a queue that could not be opened for a job opens once the database is back', async () => {
  const { seen, open } = recording()
  let isBack = false
  const queues = lazyQueues(
    () => (isBack ? open() : Promise.reject(new Error('away'))),
    (error) => seen.push(error.message),
  )
  await queues.wake('send-service-emails', {})
  isBack = true
  await queues.work({} as Handlers, { scheduled: 1, emails: 1, batches: 1 }, () => {})
  await queues.close()
  expect(seen).toEqual(['away', 'open', 'work', 'close'])
})
