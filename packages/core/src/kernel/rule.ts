import type { Actor } from './context.ts'
import { denied, notFound, unauthenticated, type DenizenError } from './errors.ts'
import type { Id } from './id.ts'

/** What an action touches, and whose it is. */
export interface Target {
  readonly type: string
  readonly id: string
  readonly organizationId: Id<'org'> | null
  /** The user it belongs to, if it belongs to one. */
  readonly userId: Id<'usr'> | null
  /** Permission to know that it exists; without it, not yours and not there look the same. */
  readonly visibleWith: string
}

export interface RuleRequest {
  readonly actor: Actor
  readonly action: string
  /** null: the action touches nothing in particular, or what it touches is not there. */
  readonly target: Target | null
}

/** Who may. Pure; decides on the rows as they are inside the transaction. */
export type Rule = (request: RuleRequest) => boolean

/** Anybody, also without a session. */
export const anyone: Rule = () => true

/** Anybody with a valid session. */
export const signedIn: Rule = ({ actor }) => actor.kind !== 'anonymous'

/** Who holds the permission named like the action, where the target is. */
export const granted: Rule = ({ actor, action, target }) => {
  if (actor.kind === 'system') return true
  if (actor.kind === 'anonymous') return false
  return actor.principal.grants.allows(action, target?.organizationId ?? null)
}

/** The user whom the target belongs to. */
export const owner: Rule = ({ actor, target }) => actor.kind === 'user' && target !== null && target.userId === actor.principal.userId

/** Whoever one of the rules lets through. */
export const anyOf =
  (...rules: readonly Rule[]): Rule =>
  (request) =>
    rules.some((rule) => rule(request))

/**
 * The answer for a call that the rule does not let through. Whoever may not know
 * of the target gets the answer for a target that does not exist.
 */
export function refusal({ actor, action, target }: RuleRequest, targetType: string | null): DenizenError {
  if (actor.kind === 'anonymous') return unauthenticated({})
  if (targetType === null) return denied({ permission: action })
  if (target !== null && mayKnow(actor, target)) return denied({ permission: action })
  return notFound({ type: targetType })
}

function mayKnow(actor: Actor, target: Target): boolean {
  return actor.kind === 'user' && (actor.principal.userId === target.userId || actor.principal.grants.allowsEverywhere(target.visibleWith))
}
