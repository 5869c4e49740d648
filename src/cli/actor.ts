import { userName } from '../embedded/system-user.ts'

/** The author of a command's changes in the audit log. */
export const cliActor = (): string => `command line (${userName()})`
