import { recall } from '../../delivery/ledger/recall.ts'
import { assemble } from '../../edition/draft/assemble.ts'
import { checkUnchanged } from '../../edition/draft/check-unchanged.ts'
import { cancel, type EditionKey, hold, lockEdition, pause, resume } from '../../edition/draft/control.ts'
import { checkCuration } from '../../edition/draft/curation-state.ts'
import { release } from '../../edition/draft/release.ts'
import { PaperboyError } from '../../lib/errors.ts'
import type { Services } from '../../runtime/services.ts'

/**
 * Actions on an edition: the function, its name in the audit log, the button, and the states that allow it.
 * `sure`: the action is final, so the curator ticks a box first.
 */
export const ACTIONS = {
  assemble: { does: assembleDraft, done: 'assembled', label: 'Read the votes again', in: ['draft'], sure: undefined },
  hold: { does: hold, done: 'held', label: 'Hold', in: ['draft'], sure: undefined },
  resume: { does: inThePhaseSeen(resume), done: 'resumed', label: 'Resume', in: ['draft', 'paused'], sure: undefined },
  release: {
    does: releaseDraft,
    done: 'released',
    label: 'Release now',
    in: ['draft'],
    sure: 'Freeze it as it is, and email it to each reader at their hour.',
  },
  pause: { does: pause, done: 'paused', label: 'Pause', in: ['released', 'sending'], sure: undefined },
  recall: {
    does: recall,
    done: 'recalled',
    label: 'Recall to draft',
    in: ['released', 'sending', 'paused'],
    sure: 'Take it back, so that it can be changed. Only while no email can have arrived.',
  },
  cancel: {
    does: inThePhaseSeen(cancel),
    done: 'cancelled',
    label: 'Cancel',
    in: ['draft', 'released', 'sending', 'paused'],
    sure: 'End it for good. Readers who don’t have it yet won’t get it.',
  },
} as const

export type Action = keyof typeof ACTIONS
export const isAction = (name: string): name is Action => Object.hasOwn(ACTIONS, name)

/** The buttons of an edition in this state. */
export const actionsFor = (
  { state, held }: { state: string; held: boolean },
  { mayHaveArrived = false }: { mayHaveArrived?: boolean } = {},
) =>
  (Object.keys(ACTIONS) as Action[])
    .map((action) => ({ action, ...ACTIONS[action] }))
    .filter((each) => (each.in as readonly string[]).includes(state))
    .filter(({ action }) => state !== 'draft' || (held ? action !== 'hold' : action !== 'resume'))
    .filter(({ action }) => action !== 'recall' || !mayHaveArrived)
    .map(({ action, label, sure }) => ({ action, label, sure }))

/** Whether it is a draft, for a fingerprint: Cancel and Resume do something else to an edition that is out. */
export const phaseOf = ({ state }: { state: string }) => [state === 'draft'] as const

/** Refuses an action when another person released or recalled the edition since the page with the button was opened. */
function inThePhaseSeen(does: typeof cancel) {
  return (deps: Services, key: EditionKey, seen?: string): Promise<boolean> =>
    deps.db.transaction(async (db) => {
      const edition = await lockEdition(db, key)
      if (edition) checkUnchanged(seen, ...phaseOf(edition))
      return does({ ...deps, db }, key)
    })
}

/** Throws when the edition is already out: a silent no-op would enter the audit log as done. */
async function assembleDraft(deps: Services, key: EditionKey): Promise<void> {
  const { changed, state } = await assemble(deps, key)
  if (!changed)
    throw new PaperboyError(
      'EDITION_STATE',
      `This edition is ${state}, so its papers can no longer change. Nothing was changed.`,
    )
}

/** @param seen fingerprint of the curation on the page with the button: a release sends what the curator saw */
async function releaseDraft(deps: Services, key: EditionKey, seen?: string): Promise<void> {
  await checkCuration(deps.db, key, seen)
  if (!(await release(deps, key)))
    throw new PaperboyError('EDITION_STATE', 'This edition is already released. Nothing was changed.')
}
