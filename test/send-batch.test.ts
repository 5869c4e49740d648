import { expect, test, vi } from 'vitest'
import type { Services } from '../src/runtime/services.ts'
import { sendBatchJob } from '../workers/send-batch.ts'

const workerWith = (execute: () => Promise<unknown>, downMs = 0) => {
  const pauses: [string, number][] = []
  const queues = { pause: (name: string, ms: number) => void pauses.push([name, ms]) }
  const services = { db: { execute }, queues, relay: { downMs: () => downMs } }
  return { pauses, services: services as unknown as Pick<Services, 'db' | 'queues'> & typeof services }
}

test('a worker whose database does not answer gives the batch back, and takes no other for a while', async () => {
  const { pauses, services } = workerWith(() => new Promise(() => {}))
  const deliver = vi.fn(async () => {})
  await sendBatchJob(services, deliver, 1)
  expect(deliver).not.toHaveBeenCalled()
  expect(pauses).toEqual([['batches', 5_000]])
})

test('a worker whose database refuses gives the batch back', async () => {
  const { pauses, services } = workerWith(() => Promise.reject(new Error('no route to host')))
  const deliver = vi.fn(async () => {})
  await sendBatchJob(services, deliver)
  expect(deliver).not.toHaveBeenCalled()
  expect(pauses).toEqual([['batches', 5_000]])
})

test('a worker takes no batch while its relay rests', async () => {
  const { pauses, services } = workerWith(async () => {}, 15_000)
  await sendBatchJob(services, async () => {})
  expect(pauses).toEqual([['batches', 15_000]])
})

test('a worker with database and relay goes on', async () => {
  const { pauses, services } = workerWith(async () => {})
  const deliver = vi.fn(async () => {})
  await sendBatchJob(services, deliver)
  expect(deliver).toHaveBeenCalledOnce()
  expect(pauses).toEqual([])
})
