import { z } from 'zod'

/**
 * The jobs and their payloads. A payload holds ids only: Postgres records the work and whether it is still open.
 * The queue attempts each job once (`attempts: 1`); sweepers find lost work in Postgres.
 */
export const jobs = {
  'collect-papers': z.object({}),
  'fetch-thumbnails': z.object({}),
  'look-up-submissions': z.object({}),
  'index-papers': z.object({}),
  'assemble-edition': z.object({}),
  'record-list-facts': z.object({}),
  'refit-chance': z.object({}),
  'release-editions': z.object({}),
  'plan-deliveries': z.object({}),
  'send-batch': z.object({ batchId: z.number().int().positive() }),
  'sweep-batches': z.object({}),
  'settle-editions': z.object({}),
  'send-service-emails': z.object({}),
  'delete-expired': z.object({}),
  'tidy-sign-ups': z.object({}),
  'read-mailbox': z.object({}),
  'raise-alerts': z.object({}),
} as const satisfies Record<string, z.ZodType>

export type JobName = keyof typeof jobs
export type JobData<N extends JobName> = z.output<(typeof jobs)[N]>

/** Three queues, so that a long batch or a hanging relay never delays scheduled jobs. */
export type QueueName = 'scheduled' | 'emails' | 'batches'

export const queueOf = (name: JobName): QueueName =>
  name === 'send-batch' ? 'batches' : name === 'send-service-emails' ? 'emails' : 'scheduled'
