import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Action, Command } from '../kernel/action.ts'
import { unrecordedUses, type Actor, type Origin, type Principal } from '../kernel/context.ts'
import { addressNotAllowed, freshProofRequired, outOfScope, ownSessionRequired, stepRequired, unauthenticated } from '../kernel/errors.ts'
import { type Id, uuidsOf } from '../kernel/id.ts'
import { arrayOf, lockAlone, lockEachAlone, lockNames, lockShared, shareLock } from '../kernel/locks.ts'
import { idArray, lastOfPipeline, sendStatement, statement, type Statement } from '../kernel/statement.ts'
import { limitedTo, loadPrincipals } from '../principals/index.ts'
import { mayActFrom } from '../kernel/network.ts'
import { forkOf, type Assembly, type Call } from './assembly.ts'
import { checkAllowed, findTarget } from './target.ts'

/**
 * Reads who acts anew, inside the command's transaction: no gap between check and use. Users are locked in order of id,
 * the actor shared (so that nobody can suspend it half-way) and those to be changed alone: two commands never wait for
 * each other in a circle. Only then, in a statement of its own, is the actor read: one that waited for the lock would
 * see the session as it was when the statement began (READ COMMITTED). They are sent one behind the other: what is
 * locked is locked for less long. A command that may take seconds comes for its actor's lock at its end instead.
 */
export async function currentActor(
  assembly: Assembly,
  em: SqlEntityManager,
  { actor, origin }: Call,
  changed: readonly Id<'usr'>[],
  { isLong }: { readonly isLong: boolean },
): Promise<Actor> {
  const targets = [...new Set(changed)].sort()
  const locked: Promise<unknown>[] = []
  for (const [lock, parameter] of locksFor(actor.kind === 'user' && !isLong ? actor.principal.userId : null, targets)) {
    const { answer } = await sendStatement(em, lock, [parameter])
    locked.push(answer)
  }
  return lastOfPipeline(...locked, actor.kind === 'user' ? loadActor(assembly, em, actor.principal, origin) : Promise.resolve(actor))
}

/** Who acts, at the end of a command that took long: nobody may change them until it is committed. Whoever may do nothing any more is told so, and nothing of it stays. */
export async function actorAtTheEnd(assembly: Assembly, em: SqlEntityManager, { actor, origin }: Call): Promise<Actor> {
  if (actor.kind !== 'user') return actor
  await shareLock(em, lockNames.user(actor.principal.userId))
  return loadActor(assembly, em, actor.principal, origin)
}

type Lock = readonly [Statement, string]

/** In order of id: those before the actor, the actor, and those after. */
function locksFor(userId: Id<'usr'> | null, targets: readonly Id<'usr'>[]): readonly Lock[] {
  const order = targets.length > mostWithoutSlot ? [[lockAlone, lockNames.manyUsers(slotOf(targets))] as const] : []
  if (userId === null) return [...order, ...several(targets)]
  const actor = targets.includes(userId) ? several([userId]) : [[lockShared, lockNames.user(userId)] as const]
  return [...order, ...several(targets.filter((id) => id < userId)), ...actor, ...several(targets.filter((id) => id > userId))]
}

/** The lock by which commands wait for each other, and the rows, for whoever changes those without a command. */
function several(ids: readonly Id<'usr'>[]): readonly Lock[] {
  if (ids.length === 0) return []
  const names = ids.map(lockNames.user)
  const [name = '', ...more] = names
  return [more.length === 0 ? [lockAlone, name] : [lockEachAlone, arrayOf(names)], [lockRows, uuidsOf(ids)]]
}

const lockRows = statement('users_change', `select 1 from users where id = any(${idArray}) order by id for no key update`)

/** PostgreSQL keeps some thousands of named locks in all: of the commands that want very many only so many are under way at a time. */
const slots = 3
const mostWithoutSlot = 64

function slotOf([first = '']: readonly string[]): number {
  return first.charCodeAt(first.length - 1) % slots
}

/** The user behind a credential, as the database has it now; what a signed token says of its limits does not change. */
async function loadActor(assembly: Assembly, em: SqlEntityManager, { tokenId, signed }: Principal, origin: Origin): Promise<Actor> {
  const now = assembly.ports.clock.now()
  const loaded = await loadPrincipals(em, assembly, [tokenId], now)
  const principal = loaded.get(tokenId)?.principal
  if (principal === undefined || (signed !== null && signed.expiresAt <= now)) throw unauthenticated({})
  return withOrigin(
    { kind: 'user', principal: signed === null ? principal : limitedTo(assembly.catalogue, principal, signed) },
    origin,
    now,
  )
}

/**
 * Turns away whoever may not, before anything slow is done for them. What is
 * remembered of the actor may be a moment old, so the database is asked before
 * a "no"; a "yes" is decided again inside the transaction.
 */
export async function checkBeforePreparing(assembly: Assembly, action: Command, input: unknown, { actor, origin }: Call): Promise<void> {
  if (action.prepare === undefined) return
  const found = await findTarget(action, async () => forkOf(assembly), input, actor)
  if (action.allow({ actor, action: action.signature.name, target: found.target, input })) return
  const current = actor.kind === 'user' ? await loadActor(assembly, forkOf(assembly), actor.principal, origin) : actor
  checkAllowed(action, current, input, found, unrecordedUses) // noted in the transaction that does it
}

/** Who acts, with what is granted to them from the address that they call from: a principal is kept for calls from everywhere. */
export function withOrigin(actor: Actor, origin: Origin, at: Date): Actor {
  if (actor.kind !== 'user') return actor
  const { principal } = actor
  if (principal.conditionalGrants === null) return { kind: 'user', principal, from: origin, at }
  return { kind: 'user', principal: { ...principal, grants: principal.conditionalGrants.from(origin) }, from: origin, at }
}

/**
 * What holds for every call of whatever action: it comes from an address that the
 * user may act from, a token does only what it was made for, sensitive changes want
 * a fresh proof of who this is, by a sign-in of their own, and a session that owes a step only does what completes it,
 * looks at itself, and signs out. Asked about before anything else, and again in a
 * command's transaction, of the user as it is then.
 */
export function checkActor(action: Action, actor: Actor, origin: Origin, now: Date): void {
  if (actor.kind !== 'user') return
  const { allowedIps, tokenIps, pendingSteps, allowedActions, recentAuthUntil } = actor.principal
  if (!mayActFrom(allowedIps, origin) || !mayActFrom(tokenIps, origin)) throw addressNotAllowed({})
  if (allowedActions !== null && !allowedActions.has(action.signature.name)) throw outOfScope({ permission: action.signature.name })
  if (pendingSteps.length > 0 && action.duringPendingStep !== true) throw stepRequired({ steps: pendingSteps })
  if (action.requiresRecentAuth !== true) return
  if (recentAuthUntil === null) throw ownSessionRequired({})
  if (recentAuthUntil.getTime() <= now.getTime()) throw freshProofRequired({})
}
