import { deliverBatch } from '../src/delivery/deliver-batch.ts'
import { digestPress } from '../src/delivery/digest-press.ts'
import { openRelay } from '../src/delivery/relay.ts'
import type { JobName } from '../src/jobs.ts'
import { sendServiceMails } from '../src/outbox/send-service-mails.ts'
import type { Source } from '../src/papers/sources/source.ts'
import type { Services } from '../src/services.ts'
import { assembleEditionJob } from './assemble-edition.ts'
import { collectPapersJob } from './collect-papers.ts'
import { planDeliveriesJob } from './plan-deliveries.ts'
import { announceWorker } from './presence.ts'
import { releaseEditionsJob } from './release-editions.ts'
import { startClock } from './schedule.ts'
import { sweepBatchesJob } from './sweep-batches.ts'

export interface RunningWorker {
  /** Finishes and records what is in flight, gives the rest back, lets go of the queue. Nothing becomes unknown. */
  stop(): Promise<void>
}

/** Starts taking every kind of job. Any number of workers may run; none holds state that matters. */
export async function startWorker(services: Services, sources: readonly Source[]): Promise<RunningWorker> {
  const { config, queues, log } = services
  const relay = openRelay(config.SMTP_URL, config.SMTP_CONNECTIONS)
  const deliver = { ...services, relay, press: digestPress(services) }
  const stopping = new AbortController()
  const presence = await announceWorker(config.DATABASE_URL, log)
  const failed = (job: JobName, error: unknown) =>
    log.error({ job, err: error }, 'a job failed; the sweepers try again')

  queues.work(
    {
      'collect-papers': () => collectPapersJob(services, sources),
      'assemble-edition': () => assembleEditionJob(services, sources),
      'release-editions': () => releaseEditionsJob(services),
      'plan-deliveries': () => planDeliveriesJob(services),
      'sweep-batches': () => sweepBatchesJob(services),
      'send-batch': async ({ batchId }) => {
        const tally = await deliverBatch(deliver, batchId, stopping.signal)
        if (tally) log.info({ batchId, ...tally }, 'batch handed over')
        // The batch may have been an edition's last, or its edition's next may be waiting only for a wake-up.
        if (tally) await queues.wake('sweep-batches', {}, `after-${batchId}`)
      },
      'send-service-mails': () => sendServiceMails(deliver, stopping.signal),
    },
    { clockwork: 4, batches: 1 },
    failed,
  )
  const clock = startClock(queues)
  return {
    async stop() {
      clock.stop()
      stopping.abort()
      await queues.stopWorking()
      relay.close()
      await presence.end()
    },
  }
}
