import type { Actor, Principal } from './context.ts'
import type { Grants } from './grants.ts'
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
  /** What the account that it touches may do itself: nobody acts on somebody above them. */
  readonly accountGrants?: readonly Grant[]
  /** The teams or resources that it is, or is in: what is held on one of them counts too. */
  readonly path?: readonly string[]
  /** What the actor holds on those, where that is not kept with the principal: on resources. */
  readonly resourceGrants?: Grants
}

/** What one role gives: patterns of permissions, everywhere (null), in one organization, or on one thing. */
export interface Grant {
  readonly organizationId: Id<'org'> | null
  /** The one team or resource that it is on, with all that is inside. */
  readonly scopeId?: string
  readonly permissions: readonly string[]
}

export interface RuleRequest {
  readonly actor: Actor
  readonly action: string
  /** null: the action touches nothing in particular, or what it touches is not there. */
  readonly target: Target | null
  /** As the handler will get it. */
  readonly input: unknown
}

/** Who may. Pure; decides on the rows as they are inside the transaction. */
export interface Rule {
  (request: RuleRequest): boolean
  /** Whom it lets through, in words: the reference says it. */
  readonly who?: string
}

/** A rule that says in words whom it lets through. */
export function rule(who: string, decide: (request: RuleRequest) => boolean): Rule {
  return Object.assign(decide, { who })
}

/** Anybody, also without a session. */
export const anyone = rule('anybody, signed in or not', () => true)

/** Anybody with a valid session. */
export const signedIn = rule('anybody who is signed in', ({ actor }) => actor.kind !== 'anonymous')

/** Who holds the permission named like the action, where the target is. */
export const granted = rule('whoever holds the permission there', ({ actor, action, target }) => {
  if (actor.kind === 'system') return true
  if (actor.kind === 'anonymous') return false
  return grantsAt(actor.principal, target).some((grants) => grants.allows(action, target?.organizationId ?? null, target?.path))
})

/** What an actor holds that counts for a target. */
function grantsAt({ grants }: Principal, target: Target | null): readonly Grants[] {
  return target?.resourceGrants === undefined ? [grants] : [grants, target.resourceGrants]
}

/** Whether an actor may do all that patterns stand for where the target is: nobody hands on what they do not hold, nor takes it away. */
export function holdsAt(
  actor: Actor,
  patterns: readonly string[],
  target: Pick<Target, 'organizationId' | 'path' | 'resourceGrants'>,
): boolean {
  if (actor.kind !== 'user') return actor.kind === 'system'
  const { grants } = actor.principal
  const all = target.resourceGrants === undefined ? [grants] : [grants, target.resourceGrants]
  return patterns.every((pattern) => all.some((held) => held.covers(pattern, target.organizationId, target.path)))
}

/** Who holds the permission everywhere: in an organization it does not count. */
export const grantedEverywhere = rule(
  'whoever holds the permission everywhere',
  ({ actor, action }) => actor.kind === 'system' || (actor.kind === 'user' && actor.principal.grants.allowsEverywhere(action)),
)

/** Who may do everything, everywhere: nobody else gives that away or takes it, for nobody grants what they do not hold. */
export const holdsEverything = rule(
  'whoever may do everything',
  ({ actor }) => actor.kind === 'system' || (actor.kind === 'user' && actor.principal.grants.covers('*', null)),
)

/** The user whom the target belongs to. */
export const owner = rule(
  'the user whose it is',
  ({ actor, target }) => actor.kind === 'user' && target !== null && target.userId === actor.principal.userId,
)

/** Who may do all that the touched account may do, so that nobody acts on somebody above them. */
export const notBelow = rule('nobody touches an account that may do more than they', ({ actor, target }) => {
  if (actor.kind !== 'user') return actor.kind === 'system'
  const { grants } = actor.principal
  return (target?.accountGrants ?? []).every(({ permissions, organizationId, scopeId }) =>
    permissions.every((pattern) => grants.covers(pattern, organizationId, scopeId === undefined ? [] : [scopeId])),
  )
})

/** Some fields are the operators' alone: who sets one of them must hold the permission everywhere, not only where the target is. */
export const withOperatorFields = (...fields: readonly string[]): Rule =>
  rule(`${fields.join(', ')} only for whoever holds it everywhere`, ({ actor, action, input }) => {
    const sets = fields.some((field) => (input as Readonly<Record<string, unknown>>)[field] !== undefined)
    return !sets || actor.kind === 'system' || (actor.kind === 'user' && actor.principal.grants.allowsEverywhere(action))
  })

/** A rule about one part of the input, as if that were all of it. */
export const within = (part: string, inner: Rule): Rule =>
  madeOf([inner], '', (request) => inner({ ...request, input: (request.input as Readonly<Record<string, unknown>>)[part] }))

/** Whoever every one of the rules lets through. */
export const allOf = (...rules: readonly Rule[]): Rule => madeOf(rules, '; ', (request) => rules.every((one) => one(request)))

/** Whoever one of the rules lets through. */
export const anyOf = (...rules: readonly Rule[]): Rule => madeOf(rules, ', or ', (request) => rules.some((one) => one(request)))

/** Its words are theirs; where one of them has none, neither has it. */
function madeOf(rules: readonly Rule[], separator: string, decide: (request: RuleRequest) => boolean): Rule {
  const words = rules.flatMap(({ who }) => who ?? [])
  return words.length === rules.length ? rule(words.join(separator), decide) : decide
}

/** Whether a rule lets a user through for nothing but what is granted to them: stripped of all grants it would not. */
export function letsThroughByGrant(allow: Rule, request: RuleRequest): boolean {
  const { actor, target } = request
  if (actor.kind !== 'user' || !granted(request)) return false
  const bare = { ...actor, principal: { ...actor.principal, grants: noGrants } }
  return !allow({
    ...request,
    actor: bare,
    target: target?.resourceGrants === undefined ? target : { ...target, resourceGrants: noGrants },
  })
}

const noGrants: Grants = {
  allows: () => false,
  allowsEverywhere: () => false,
  covers: () => false,
  list: () => [],
  withSameLimits: () => noGrants,
}

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
  if (actor.kind !== 'user') return actor.kind === 'system'
  const { organizationId, path, visibleWith } = target
  if (actor.principal.userId === target.userId) return true
  return grantsAt(actor.principal, target).some((grants) => grants.allows(visibleWith, organizationId, path))
}
