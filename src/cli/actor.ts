import { userInfo } from 'node:os'

/** The author of a command's changes in the audit log. */
export const cliActor = (): string => `command line (${userInfo().username})`
