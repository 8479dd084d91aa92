import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Command } from '../kernel/action.ts'
import type { Actor } from '../kernel/context.ts'
import { stepRequired, unauthenticated } from '../kernel/errors.ts'
import { uuidOf, type Id } from '../kernel/id.ts'
import { refusal } from '../kernel/rule.ts'
import { loadPrincipals, type PrincipalLock } from '../sessions/index.ts'
import { forkOf, type Assembly } from './assembly.ts'

/**
 * Reads who acts anew, inside the command's transaction: no gap between check
 * and use. User rows are locked in order of id, the actor's shared (so that
 * nobody can suspend it half-way) and those to be changed exclusively: two
 * commands never wait for each other in a circle.
 */
export async function currentActor(assembly: Assembly, em: SqlEntityManager, actor: Actor, changed: readonly Id<'usr'>[]): Promise<Actor> {
  const targets = [...new Set(changed)].sort()
  if (actor.kind !== 'user') {
    await lockUsers(em, targets)
    return actor
  }
  const { userId, tokenId } = actor.principal
  const lock: PrincipalLock = targets.includes(userId) ? 'change' : 'share'
  await lockUsers(
    em,
    targets.filter((id) => id < userId),
  )
  const current = await userBehind(assembly, em, tokenId, lock)
  await lockUsers(
    em,
    targets.filter((id) => id > userId),
  )
  return current
}

/** The user behind a token, as the database has it now. */
async function userBehind({ ports, catalogue }: Assembly, em: SqlEntityManager, tokenId: Id<'tok'>, lock: PrincipalLock): Promise<Actor> {
  const loaded = await loadPrincipals(em, catalogue, [tokenId], ports.clock.now(), lock)
  const principal = loaded.get(tokenId)?.principal
  if (principal === undefined) throw unauthenticated({})
  return { kind: 'user', principal }
}

/**
 * Turns away whoever may not, before anything slow is done for them. What is
 * remembered of the actor may be a moment old, so the database is asked before
 * a "no"; a "yes" is decided again inside the transaction.
 */
export async function checkBeforePreparing(assembly: Assembly, action: Command, input: unknown, actor: Actor): Promise<void> {
  if (action.prepare === undefined) return
  const target = action.target === undefined ? null : await action.target.find(forkOf(assembly), input, actor)
  const request = { actor, action: action.signature.name, target }
  if (action.allow(request)) return
  const current = actor.kind === 'user' ? await userBehind(assembly, forkOf(assembly), actor.principal.tokenId, 'none') : actor
  const asked = { ...request, actor: current }
  if (!action.allow(asked)) throw refusal(asked, action.target?.type ?? null)
}

async function lockUsers(em: SqlEntityManager, ids: readonly Id<'usr'>[]): Promise<void> {
  if (ids.length === 0) return
  await em.execute('select 1 from users where id = any(?::uuid[]) order by id for no key update', [`{${ids.map(uuidOf).join(',')}}`])
}

/** A session that owes a step may only do what completes it, look at itself, and sign out. */
export function checkPendingSteps(action: Pick<Command, 'duringPendingStep'>, actor: Actor): void {
  if (actor.kind !== 'user' || action.duringPendingStep === true) return
  const steps = actor.principal.pendingSteps
  if (steps.length > 0) throw stepRequired({ steps })
}
