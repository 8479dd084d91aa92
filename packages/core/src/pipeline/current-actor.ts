import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Action, ChangingAction } from '../kernel/action.ts'
import { unrecordedUses, type AuditFacts } from '../kernel/context.ts'
import { mayCallFrom, type Actor, type Principal } from '../kernel/actor.ts'
import type { Origin } from '../kernel/origin.ts'
import { addressNotAllowed, freshProofRequired, outOfScope, ownSessionRequired, stepRequired, unauthenticated } from '../kernel/errors.ts'
import { type Id, uuidOf, uuidsOf } from '../kernel/id.ts'
import { boundWaits, lockNames, lockOne, lockUsersExclusive, mostNamedLocks, queuedFor } from '../kernel/locks.ts'
import type { Target } from '../kernel/rule.ts'
import { idArray, lastOfPipeline, sendStatement, statement, type Statement } from '../kernel/statement.ts'
import { downscope, loadPrincipals } from '../principals/index.ts'
import { keepLocked, lockUserToChange, lockUserUnread } from '../users/index.ts'
import { forkOf, type Assembly, type Call } from './assembly.ts'
import type { LockedUsers } from './locked-users.ts'
import { checkAllowed, findTarget } from './target.ts'
import type { Trace } from './trace.ts'

/**
 * Loads the actor anew inside the command's transaction, so that there is no gap between check and use. Users are locked by id, so that
 * commands never deadlock: the actor, and who acts through it, with a shared lock (nobody can suspend them meanwhile), users to be changed exclusively. Only then a
 * separate statement reads the actor: one that had waited for the lock would see the current user, but its session as of the start of the
 * statement (READ COMMITTED). All are pipelined, to hold the locks for less time.
 */
export async function currentActor(assembly: Assembly, em: SqlEntityManager, { actor, origin }: Call, users: LockedUsers): Promise<Actor> {
  const locked: Promise<unknown>[] = []
  for (const [lock, ...parameters] of inOrder(users, locksFor(users, actor))) {
    const { answer } = await sendStatement(em, lock, parameters)
    const known = lock === lockUserToChange ? answer.then(({ rows }) => keepLocked(em, rows)) : answer
    known.catch(() => {}) // it may fail before all are awaited
    locked.push(known)
  }
  return lastOfPipeline(...locked, actor.kind === 'user' ? loadActor(assembly, em, actor.principal, origin) : Promise.resolve(actor))
}

type Lock = readonly [Statement, ...parameters: string[]]

/** The locks of users, and how whoever may hold others up only for a moment waits for them and for what comes after. */
function inOrder({ oneByOne, longestWait, isBoundAtOnce }: LockedUsers, locks: readonly Lock[]): readonly Lock[] {
  const alone: readonly Lock[] = oneByOne === null ? [] : [[lockOne, oneByOne]]
  const bound: readonly Lock[] = longestWait === null ? [] : [[boundWaits, String(longestWait)]]
  return isBoundAtOnce ? [...alone, ...bound, ...locks] : [...alone, ...locks, ...bound]
}

/** Locks by id: of those who act, and who have to stay as they are, shared ones; of those to be changed exclusive ones. */
function locksFor({ changed, shared }: LockedUsers, actor: Actor): readonly Lock[] {
  const targets = [...new Set(changed)].sort()
  const isFair = targets.length <= mostNamedLocks
  const changing = (ids: readonly Id<'usr'>[]): readonly Lock[] => {
    const [one, ...others] = ids
    if (one === undefined) return []
    if (others.length === 0 && isFair)
      return [[actor.kind === 'anonymous' ? lockUserUnread : lockUserToChange, uuidOf(one), lockNames.user(one)]]
    return [...(isFair ? [[lockUsersExclusive, uuidsOf(ids)] as const] : []), [lockToChange, uuidsOf(ids)]]
  }
  const locks: Lock[] = []
  let left = targets
  for (const id of [...new Set(shared)].filter((one) => !targets.includes(one)).toSorted()) {
    locks.push(...changing(left.filter((target) => target < id)), [lockToUse, uuidOf(id), lockNames.user(id)])
    left = left.filter((target) => target > id)
  }
  return [...locks, ...changing(left)]
}

const lockToUse = statement('actor_share', `select 1 from users where id = ? and ${queuedFor.sharing} for share`)
const lockToChange = statement('users_change', `select 1 from users where id = any(${idArray}) order by id for no key update`)

/** The user of a credential as stored now, with the limits of a signed token. */
async function loadActor(assembly: Assembly, em: SqlEntityManager, { tokenId, signed }: Principal, origin: Origin): Promise<Actor> {
  const now = assembly.ports.clock.now()
  const loaded = await loadPrincipals(em, assembly, [tokenId], now)
  const principal = loaded.get(tokenId)?.principal
  if (principal === undefined || (signed !== null && signed.expiresAt <= now)) throw unauthenticated({})
  return withOrigin(
    { kind: 'user', principal: signed === null ? principal : downscope(assembly.catalogue, principal, signed) },
    origin,
    now,
  )
}

/**
 * Denies early, before slow work and before the locks of others. The cached actor may be slightly outdated, so the database is asked
 * before a denial; permission is checked again inside the transaction.
 */
export async function checkBeforehand(
  assembly: Assembly,
  action: ChangingAction,
  input: unknown,
  { actor, origin }: Call,
  trace: Trace,
): Promise<void> {
  const found = await findTarget(action, async () => forkOf(assembly), input, actor)
  if (found.target !== null) trace.facts = factsOf(found.target)
  if (!action.allow({ actor, action: action.signature.name, target: found.target, input })) {
    const current = await latestActor(assembly, actor, origin)
    checkAllowed(action, current, input, found, unrecordedUses) // recorded in the transaction
  }
  trace.place?.claim(found.target?.organizationId ?? null)
}

/** What the audit entry says of a target. */
export function factsOf({ type, id, organizationId }: Target): AuditFacts {
  return { target: { type, id }, organizationId }
}

/** The actor as the database has it now, without locks; outside of a transaction, unless one is handed in. */
export async function latestActor(assembly: Assembly, actor: Actor, origin: Origin, em = forkOf(assembly)): Promise<Actor> {
  return actor.kind === 'user' ? loadActor(assembly, em, actor.principal, origin) : actor
}

/** The actor with the grants for this address: cached principals are independent of it. */
export function withOrigin(actor: Actor, origin: Origin, at: Date): Actor {
  if (actor.kind !== 'user') return actor
  const { principal } = actor
  if (principal.conditionalGrants === null) return { kind: 'user', principal, from: origin, at }
  return { kind: 'user', principal: { ...principal, grants: principal.conditionalGrants.from(origin) }, from: origin, at }
}

/**
 * Checks what holds for every action: nobody without a credential has their input parsed, except where the rule may allow that; the address is allowed for user, token and impersonator; the token's scopes include the action; sensitive changes
 * need recent authentication in the user's own session; a session with pending steps can only complete them, read itself and sign out.
 * Checked first, and again in a command's transaction with the current state.
 */
export function checkActor(action: Action, actor: Actor, origin: Origin, now: Date): void {
  if (actor.kind === 'anonymous' && action.allow.needsCredential === true) throw unauthenticated({})
  if (actor.kind !== 'user') return
  const { pendingSteps, recentAuthUntil } = actor.principal
  if (!mayCallFrom(actor.principal, origin)) throw addressNotAllowed({})
  if (!isInScope(action, actor.principal)) throw outOfScope({ permission: action.signature.name })
  if (pendingSteps.length > 0 && action.duringPendingStep !== true) throw stepRequired({ steps: pendingSteps })
  if (action.requiresRecentAuth !== true) return
  if (recentAuthUntil === null) throw ownSessionRequired({})
  if (recentAuthUntil.getTime() <= now.getTime()) throw freshProofRequired({})
}

/** A websocket token calls nothing, whatever the action. */
function isInScope({ signature, withAnyScope }: Action, { allowedActions, credential }: Principal): boolean {
  return allowedActions === null || allowedActions.has(signature.name) || (withAnyScope === true && credential !== 'websocket')
}
