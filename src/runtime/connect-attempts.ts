import { setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net'

/**
 * Milliseconds for one address of a name that has several: also for one whose first packet is lost, which Linux repeats after a second.
 * Node's quarter of a second is shorter than connecting takes over a satellite or a busy mobile network. It then gives the address up,
 * and where the other family does not work, every connection fails.
 */
const ATTEMPT_MS = 1_500

setDefaultAutoSelectFamilyAttemptTimeout(ATTEMPT_MS)
