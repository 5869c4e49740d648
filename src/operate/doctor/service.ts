import { describeSource, reportSources } from '../../papers/ingest/source-health.ts'
import type { Services } from '../../runtime/services.ts'
import { countWorkers } from '../../runtime/worker-presence.ts'
import { type Attention, describeProblem } from '../attention/attention.ts'
import { findAttention } from '../attention/find.ts'
import { type Diagnosis, ok } from './diagnosis.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

/** Checks the running service: everything that needs a person, then the parts that are fine. */
export async function checkService(services: Deps): Promise<Diagnosis[]> {
  const needed = await findAttention(services)
  return [...needed.map(asDiagnosis), ...(await healthyParts(services, needed))]
}

export const asDiagnosis = ({ part, state, remedy, ...problem }: Attention): Diagnosis => ({
  ...{ part, state, remedy },
  message: describeProblem(problem),
})

/** The parts that are fine. */
export async function healthyParts(services: Deps, needed: readonly Attention[]): Promise<Diagnosis[]> {
  const workers = needed.some(({ part }) => part === 'Worker') ? 0 : await countWorkers(services.db)
  const sources = await reportSources(services)
  return [
    ...(workers > 0 ? [ok('Worker', `${workers === 1 ? 'one runs' : `${workers} run`}, and nothing is overdue`)] : []),
    ...sources
      .filter(({ state }) => state === 'fresh' || state === 'quiet')
      .map((source) => ok('Papers', describeSource(source))),
  ]
}
