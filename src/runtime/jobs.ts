import { z } from 'zod'

/**
 * The jobs and their payloads. A payload holds ids only: Postgres records the work and whether it is still open.
 * The queue attempts each job once (`attempts: 1`); sweepers find lost work in Postgres.
 */
export const jobs = {
  /** with a source and a list day: read it now, although it is not due */
  'collect-papers': z.object({ source: z.string().optional(), day: z.string().optional() }),
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
  'send-webhooks': z.object({}),
  'count-sums': z.object({}),
  'import-readers': z.object({}),
} as const satisfies Record<string, z.ZodType>

export type JobName = keyof typeof jobs
export type JobData<N extends JobName> = z.output<(typeof jobs)[N]>

/** Three queues, so that a long batch or a hanging relay never delays scheduled jobs. */
export type QueueName = 'scheduled' | 'emails' | 'batches'

export const queueOf = (name: JobName): QueueName =>
  name === 'send-batch' ? 'batches' : name === 'send-service-emails' ? 'emails' : 'scheduled'
