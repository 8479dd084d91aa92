import type { ChangingAction } from '../kernel/action.ts'
import { isGrantedEverywhere, type Actor, type Principal } from '../kernel/actor.ts'
import type { Id } from '../kernel/id.ts'
import { exclusiveLockNames, type ExclusiveLockName } from '../kernel/locks.ts'

type UserIds = readonly Id<'usr'>[]

/** The users whose named locks and rows a command locks before anything else, and how it waits for them. `current-actor.ts` takes the locks. */
export interface LockedUsers {
  /** Locked exclusively: those whose rows the handler changes. */
  readonly changed: UserIds
  /** Locked as those who act: they stay as they are, and go on with what they do. */
  readonly shared: UserIds
  /** A caller who names somebody has one command at a time that does; null: any number. */
  readonly oneByOne: ExclusiveLockName | null
  /** Milliseconds that each wait for a lock may take; null: any time. */
  readonly longestWait: number | null
  /** Whether that also goes for the locks of the users themselves. */
  readonly isBoundAtOnce: boolean
}

/** What is known of a command when it locks users. */
interface Locking {
  readonly action: ChangingAction
  readonly input: unknown
  readonly prepared: unknown
  /** An answer that is given again changes nobody. */
  readonly isReplay: boolean
  readonly actor: Actor
}

/**
 * Milliseconds that a caller may wait for a lock while somebody else's is held. What they wait for may be in their own hands: a resource
 * that they are deleting, the organization that is theirs, in which a batch runs.
 */
const longestWait = 100

/** Who acts: the user, and who acts as them. */
export function actingUsers({ userId, impersonator }: Principal): UserIds {
  return impersonator === null ? [userId] : [userId, impersonator.userId]
}

/** @param isPatient it has begun again often enough, and waits for the locks of users for as long as it takes */
export function lockedUsers({ isPatient, ...locking }: Locking & { readonly isPatient: boolean }): LockedUsers {
  const { action, actor, prepared, isReplay } = locking
  const acting = actor.kind === 'user' ? actingUsers(actor.principal) : []
  const changed = changedUsers(locking)
  const kept = (isReplay ? undefined : action.keeps?.(prepared)) ?? []
  const users = { changed, shared: [...acting, ...kept] }
  const others = othersIn(action, actor, [...changed, ...kept]).toSorted()
  const [named] = others
  // Where nobody was found to lock, the handler may meet somebody who came only since.
  const mayMeetOthers = action.locks !== undefined && changed.length === 0 && mayNotEverywhere(action, actor)
  if (actor.kind !== 'user' || (named === undefined && !mayMeetOthers))
    return { ...users, oneByOne: null, longestWait: null, isBoundAtOnce: false }
  const oneByOne = named === undefined || isLong(action) ? null : exclusiveLockNames.namingOthers(actor.principal.userId, named)
  // Whoever waits for the lock of the only one holds nobody up, and has their turn; of several, one would be held meanwhile.
  return { ...users, oneByOne, longestWait, isBoundAtOnce: others.length > 1 && !isPatient }
}

/** The users whose rows the handler will change. */
export function changedUsers({ action, input, prepared, isReplay, actor }: Locking): UserIds {
  if (isReplay) return []
  return action.locks?.(prepared) ?? action.target?.locks?.(input, actor) ?? []
}

/** To the pipeline it is a serialization failure: the command is prepared and begun again. */
export class NotLocked extends Error {
  readonly code = '40001'
}

/** Throws `NotLocked` where somebody is affected whom the command did not lock, because they came into the set since it was prepared. */
export function requireLocked(locking: Locking, users: UserIds): void {
  const locked = new Set(changedUsers(locking))
  if (users.some((user) => !locked.has(user))) throw new NotLocked('Somebody is affected who is not locked.')
}

/** Whether an input names somebody else whose lock a caller would take who is not an administrator of the installation. */
export function namesOthers(action: ChangingAction, input: unknown, actor: Actor): boolean {
  return othersIn(action, actor, action.target?.locks?.(input, actor) ?? []).length > 0
}

/** Those of the users who are others than the caller; none for administrators of the installation, who answer for whom they name. */
function othersIn(action: ChangingAction, actor: Actor, users: UserIds): UserIds {
  if (actor.kind !== 'user' || !mayNotEverywhere(action, actor)) return []
  const acting = actingUsers(actor.principal)
  return users.filter((user) => !acting.includes(user))
}

function mayNotEverywhere({ signature }: ChangingAction, actor: Actor): boolean {
  return actor.kind === 'user' && !isGrantedEverywhere(actor, signature.name)
}

/** Batches and documents hold for long what they lock: their caller's other commands do not wait for them. */
function isLong({ allowItem, fewAtOnce }: ChangingAction): boolean {
  return allowItem !== undefined || fewAtOnce === true
}
