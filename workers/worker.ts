import { checkForRestore } from '../src/delivery/ledger/restore-guard.ts'
import { deliverBatch } from '../src/delivery/send/deliver-batch.ts'
import { BATCHES_AT_ONCE, openDeliveryContext } from '../src/delivery/send/delivery-context.ts'
import { skipWhileRunning } from '../src/lib/skip-while-running.ts'
import { sendServiceEmails } from '../src/outbox/send-service-emails.ts'
import type { Source } from '../src/papers/ingest/sources/source.ts'
import { indexPapers } from '../src/papers/search/index-papers.ts'
import { refreshTopics } from '../src/papers/topics/refresh-topics.ts'
import { DRAIN_PATIENCE_MS } from '../src/relay/relay.ts'
import type { JobName } from '../src/runtime/jobs.ts'
import type { Services } from '../src/runtime/services.ts'
import { announceWorker } from '../src/runtime/worker-presence.ts'
import { assembleEditionJob } from './assemble-edition.ts'
import { collectPapersJob } from './collect-papers.ts'
import { countSumsJob } from './count-sums.ts'
import { deleteExpiredJob } from './delete-expired.ts'
import { fetchThumbnailsJob } from './fetch-thumbnails.ts'
import { importReadersJob } from './import-readers.ts'
import { startInboundServer } from './listen.ts'
import { lookUpSubmissionsJob } from './look-up-submissions.ts'
import { createBatchWaker } from './next-batch.ts'
import { planDeliveriesJob } from './plan-deliveries.ts'
import { raiseAlertsJob } from './raise-alerts.ts'
import { readMailboxJob } from './read-mailbox.ts'
import { recordListFactsJob } from './record-list-facts.ts'
import { refitChanceJob } from './refit-chance.ts'
import { releaseEditionsJob } from './release-editions.ts'
import { startSchedule } from './schedule.ts'
import { sendBatchJob } from './send-batch.ts'
import { sendWebhooksJob } from './send-webhooks.ts'
import { settleEditionsJob } from './settle-editions.ts'
import { sweepBatchesJob } from './sweep-batches.ts'
import { tidySignUpsJob } from './tidy-sign-ups.ts'

export interface RunningWorker {
  /** Finishes and records emails in flight, and returns the rest. Outcomes are unknown only if a relay is silent for 12 s. */
  stop(): Promise<void>
}

/** Starts working on every kind of job. Any number of workers may run; all state is in the database. */
export async function startWorker(services: Services, sources: readonly Source[]): Promise<RunningWorker> {
  const { config, queues, log } = services
  void checkForRestore(services)
  const deliver = await openDeliveryContext(services)
  const { relay } = deliver
  const next = createBatchWaker(services, () => relay.restMs())
  const stopping = new AbortController()
  const presence = await announceWorker(config.DATABASE_URL, log)
  const failed = (job: JobName, error: unknown) => log.error({ err: error }, `${job} failed; the next sweep retries it`)

  // Jobs that wait for other servers. One that answers late must not fill all places of the queue with the job of each tick.
  const collectDue = skipWhileRunning(() => collectPapersJob(services, sources, {}, stopping.signal))
  await queues.work(
    {
      'collect-papers': (wanted) =>
        wanted.source === undefined ? collectDue() : collectPapersJob(services, sources, wanted),
      'count-sums': () => countSumsJob(services),
      'import-readers': () => importReadersJob(services),
      'delete-expired': () => deleteExpiredJob(services),
      'look-up-submissions': skipWhileRunning(() => lookUpSubmissionsJob(services)),
      'index-papers': async () => {
        await refreshTopics(services, stopping.signal)
        await indexPapers(services, stopping.signal)
      },
      'fetch-thumbnails': skipWhileRunning(() => fetchThumbnailsJob(services, stopping.signal)),
      'assemble-edition': () => assembleEditionJob(services, sources),
      'record-list-facts': () => recordListFactsJob(services),
      'refit-chance': () => refitChanceJob(services),
      'release-editions': () => releaseEditionsJob(services),
      'plan-deliveries': () => planDeliveriesJob(services),
      'sweep-batches': () => sweepBatchesJob(services),
      'settle-editions': () => settleEditionsJob(services),
      'send-batch': ({ batchId }) =>
        sendBatchJob({ ...services, relay }, async () => {
          await deliverBatch(deliver, batchId, stopping.signal)
          // Continue with the next due batch, in case the queue lost it. The sweeper runs less often. This job does not wait for it:
          // mostly the queue has the next one. After a stop, it wakes the workers that go on.
          if (stopping.signal.aborted) await next.wake()
          else next.soon()
        }),
      'tidy-sign-ups': () => tidySignUpsJob(services),
      'read-mailbox': skipWhileRunning(() => readMailboxJob(services)),
      'raise-alerts': () => raiseAlertsJob(services),
      'send-webhooks': skipWhileRunning(() => sendWebhooksJob(services, stopping.signal)),
      'send-service-emails': async () => void (await sendServiceEmails({ ...services, relay }, stopping.signal)),
    },
    { scheduled: 4, emails: 1, batches: BATCHES_AT_ONCE },
    failed,
  )
  const listener = await startInboundServer(services)
  const clock = startSchedule(queues)
  // After a restart, another worker may have run this tick's jobs. Do not wait for the next tick with due batches.
  next.soon()
  return {
    async stop() {
      clock.stop()
      next.stop()
      stopping.abort()
      await listener?.close()
      // Do not wait for a silent relay longer than the process manager waits for us. Its outcomes become unknown.
      const enough = setTimeout(() => relay.close(), DRAIN_PATIENCE_MS)
      await queues.stopWorking()
      clearTimeout(enough)
      relay.close()
      deliver.progress.flush()
      await presence.end()
    },
  }
}
