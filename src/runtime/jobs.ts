import { z } from 'zod'

/**
 * The jobs that wake workers up. A payload holds ids only: what is to be done, and whether it still is, stands in Postgres.
 * Every job runs once (`attempts: 1`); the sweepers find again what was lost.
 */
export const jobs = {
  'collect-papers': z.object({}),
  'look-up-submissions': z.object({}),
  'index-papers': z.object({}),
  'assemble-edition': z.object({}),
  'release-editions': z.object({}),
  'plan-deliveries': z.object({}),
  'send-batch': z.object({ batchId: z.number().int().positive() }),
  'sweep-batches': z.object({}),
  'settle-editions': z.object({}),
  'send-service-mails': z.object({}),
  'forget-old': z.object({}),
  'tidy-sign-ups': z.object({}),
  'read-mailbox': z.object({}),
  'raise-alerts': z.object({}),
} as const satisfies Record<string, z.ZodType>

export type JobName = keyof typeof jobs
export type JobData<N extends JobName> = z.output<(typeof jobs)[N]>

/** Three queues, so that neither a long batch nor a relay that hangs keeps the clockwork waiting. */
export type QueueName = 'clockwork' | 'mails' | 'batches'

export const queueOf = (name: JobName): QueueName =>
  name === 'send-batch' ? 'batches' : name === 'send-service-mails' ? 'mails' : 'clockwork'
