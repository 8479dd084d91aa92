import type { SqlEntityManager } from '@mikro-orm/sql'
import type { ChangingAction } from '../kernel/action.ts'
import type { Actor } from '../kernel/actor.ts'
import { unrecordedUses } from '../kernel/context.ts'
import { DenizenError } from '../kernel/errors.ts'
import type { Target } from '../kernel/rule.ts'
import { latestActor } from './current-actor.ts'
import type { Assembly, Call } from './assembly.ts'
import type { Recorder } from './recorder.ts'
import { checkAllowed, findTarget } from './target.ts'

/** A target without what the actor, or its account, held on it at the time. */
type FormerTarget = Omit<Target, 'accountGrants' | 'resourceGrants'>

/** Stored with an answer: on what terms it is given again. */
export interface ReplayTerms {
  /** The target as the rule saw it, for when it is gone. */
  readonly target: FormerTarget | null
  /** The command itself took from its caller what the rule asks for: whoever leaves an organization is not asked whether they are in it. */
  readonly endedRight?: true
}

interface Repeated {
  readonly assembly: Assembly
  readonly action: ChangingAction
  readonly input: unknown
  readonly call: Call
}

/**
 * Throws unless the rule lets the caller do now what they did then. If the target is gone since, the rule is asked about what it was,
 * with what the caller may do now.
 */
export async function checkReplay(
  { action, input }: Pick<Repeated, 'action' | 'input'>,
  em: SqlEntityManager,
  actor: Actor,
  { target, endedRight }: ReplayTerms,
): Promise<void> {
  if (endedRight === true) return
  const found = await findTarget(action, async () => em, input, actor)
  checkAllowed(action, actor, input, { ...found, target: found.target ?? target }, unrecordedUses)
}

/** The terms of an answer that was just made. Only a command that invalidates something can have ended its caller's right. */
export async function replayTerms(
  { assembly, action, input, call }: Repeated,
  em: SqlEntityManager,
  found: Target | null,
  { invalidations }: Recorder,
): Promise<ReplayTerms> {
  const terms = { target: found === null ? null : withoutGrants(found) }
  if (invalidations.length === 0) return terms
  // What the handler loaded may not be so any more.
  em.clear()
  try {
    await checkReplay({ action, input }, em, await latestActor(assembly, call.actor, call.origin, em), terms)
    return terms
  } catch (error) {
    if (error instanceof DenizenError) return { ...terms, endedRight: true }
    throw error
  }
}

function withoutGrants({ accountGrants: _held, resourceGrants: _ours, ...target }: Target): FormerTarget {
  return target
}
