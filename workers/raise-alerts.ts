import { raiseAlerts } from '../src/operate/attention/raise-alerts.ts'
import type { Services } from '../src/runtime/services.ts'

/** Job `raise-alerts`: emails the operators about problems, at most once per problem and day. */
export async function raiseAlertsJob(services: Services): Promise<void> {
  const problems = await raiseAlerts(services)
  if (problems > 0) services.log.warn({ problems }, 'problems need an operator: alert email queued')
}
