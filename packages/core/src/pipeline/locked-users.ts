import type { ChangingAction } from '../kernel/action.ts'
import { isGrantedEverywhere, type Actor, type Principal } from '../kernel/actor.ts'
import type { Id } from '../kernel/id.ts'

type UserIds = readonly Id<'usr'>[]

/** The users whose named locks and rows a command locks before anything else, and how it waits for them. */
export interface LockedUsers {
  /** Locked exclusively: those whose rows the handler changes. */
  readonly changed: UserIds
  /** Locked as those who act: they stay as they are, and go on with what they do. */
  readonly shared: UserIds
  /** Whoever names others takes them one command at a time; null: any number. */
  readonly oneByOne: Id<'usr'> | null
  /** Milliseconds that each wait for a lock may take; null: any time. */
  readonly longestWait: number | null
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

/** @param isPatient it has begun again often enough, and waits for as long as it takes */
export function lockedUsers({ isPatient, ...locking }: Locking & { readonly isPatient: boolean }): LockedUsers {
  const { action, actor, prepared, isReplay } = locking
  const acting = actor.kind === 'user' ? actingUsers(actor.principal) : []
  const changed = changedUsers(locking)
  const kept = (isReplay ? undefined : action.keeps?.(prepared)) ?? []
  const users = { changed, shared: [...acting, ...kept] }
  if (actor.kind !== 'user' || !areOthers(action, actor, [...changed, ...kept])) return { ...users, oneByOne: null, longestWait: null }
  return { ...users, oneByOne: isLong(action) ? null : actor.principal.userId, longestWait: isPatient ? null : longestWait }
}

/** The users whose rows the handler will change. */
export function changedUsers({ action, input, prepared, isReplay, actor }: Locking): UserIds {
  if (isReplay) return []
  return action.locks?.(prepared) ?? action.target?.locks?.(input, actor) ?? []
}

/** Whether an input names somebody else whose lock a caller would take who is not an administrator of the installation. */
export function namesOthers(action: ChangingAction, input: unknown, actor: Actor): boolean {
  return areOthers(action, actor, action.target?.locks?.(input, actor) ?? [])
}

function areOthers(action: ChangingAction, actor: Actor, users: UserIds): boolean {
  if (actor.kind !== 'user' || isGrantedEverywhere(actor, action.signature.name)) return false
  const acting = actingUsers(actor.principal)
  return users.some((user) => !acting.includes(user))
}

/** Batches and documents hold for long what they lock: their caller's other commands do not wait for them. */
function isLong({ allowItem, fewAtOnce }: ChangingAction): boolean {
  return allowItem !== undefined || fewAtOnce === true
}
