import type { Command } from 'commander'
import { formatDiagnoses } from '../operate/doctor/diagnosis.ts'
import { runChecks } from '../operate/doctor/run-checks.ts'
import { report } from './output.ts'
import { withConfig } from './with-services.ts'

export function doctorCommand(command: Command): void {
  command.addHelpText('after', '\nExits with 1 on errors. Warnings do not change the exit code.').action(() =>
    withConfig(
      async (config) => {
        const diagnoses = await runChecks(config)
        report(command, diagnoses, formatDiagnoses(diagnoses))
        if (diagnoses.some(({ state }) => state === 'error')) process.exitCode = 1
      },
      { sendsEmail: true },
    ),
  )
}
