import { isGrantedEverywhere, type Actor, type Principal } from './actor.ts'
import { noGrants, type Grant, type Grants } from './grants.ts'
import { denied, notFound, outOfOrganization, unauthenticated, type DenizenError } from './errors.ts'
import type { Id } from './id.ts'

/** What an action acts on. */
export interface Target {
  readonly type: string
  readonly id: string
  readonly organizationId: Id<'org'> | null
  /** The user it belongs to, if any. */
  readonly userId: Id<'usr'> | null
  /** It is an account or a part of one: its organization manages it, but it does not belong to that organization. */
  readonly isAccount?: true
  /** The permission that makes it visible; without it, the answer is the same as if it did not exist. */
  readonly visibleWith: string
  /** The grants of the account it acts on: nobody acts on an account with more permissions than their own. */
  readonly accountGrants?: readonly Grant[]
  /** The team; or the resource followed by its ancestors: grants on any of them count. */
  readonly path?: readonly string[]
  /** The actor's grants on these resources, which principals do not carry. */
  readonly resourceGrants?: Grants
}

export interface RuleRequest {
  readonly actor: Actor
  readonly action: string
  /** null: the action has no target, or it does not exist. */
  readonly target: Target | null
  /** As the handler will get it. */
  readonly input: unknown
}

/** Decides who may. Pure; sees the rows as they are inside the transaction. */
export interface Rule {
  (request: RuleRequest): boolean
  /** Who may, in words, for the reference. */
  readonly who?: string
  /** Nobody without a credential, whatever the target and the input: such callers are answered before their input is parsed. */
  readonly needsCredential?: true
}

/** A rule with a description of who may. */
export function rule(who: string, decide: (request: RuleRequest) => boolean): Rule {
  return Object.assign(decide, { who })
}

/** A rule that lets nobody through without a credential. */
export function credentialRule(who: string, decide: (request: RuleRequest) => boolean): Rule {
  return Object.assign((request: RuleRequest) => request.actor.kind !== 'anonymous' && decide(request), {
    who,
    needsCredential: true as const,
  })
}

/** Anybody, with or without a session. */
export const anyone = rule('anybody, signed in or not', () => true)

/** Anybody with a valid credential. */
export const signedIn = credentialRule('anybody who is signed in', () => true)

/** Denizen itself: jobs, webhooks and the command line on the server. */
export const systemOnly = credentialRule('only Denizen itself', ({ actor }) => actor.kind === 'system')

/** Whoever has the permission named like the action, in the scope of the target. */
export const granted = credentialRule('whoever holds the permission there', ({ actor, action, target }) => {
  if (actor.kind === 'system') return true
  if (actor.kind === 'anonymous') return false
  return grantsAt(actor.principal, target).some((grants) => grants.allows(action, target?.organizationId ?? null, target?.path))
})

/** The actor's grants that count for a target. */
function grantsAt({ grants }: Principal, target: Target | null): readonly Grants[] {
  return target?.resourceGrants === undefined ? [grants] : [grants, target.resourceGrants]
}

/**
 * Whether an actor holds everything that patterns include, in the scope of the target: nobody grants or revokes permissions that they do
 * not hold.
 */
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

/** Whoever has the permission everywhere; having it in one organization is not enough. */
export const grantedEverywhere = credentialRule('whoever holds the permission everywhere', ({ actor, action }) =>
  isGrantedEverywhere(actor, action),
)

/** Whoever has all permissions everywhere: nobody else grants or revokes that. */
export const holdsEverything = credentialRule(
  'whoever may do everything',
  ({ actor }) => actor.kind === 'system' || (actor.kind === 'user' && actor.principal.grants.covers('*', null)),
)

/** The user that the target belongs to. */
export const owner = credentialRule(
  'the user whose it is',
  ({ actor, target }) => actor.kind === 'user' && target !== null && target.userId === actor.principal.userId,
)

/** Whoever has at least the permissions of the target's account. */
export const notBelow = credentialRule('nobody acts on an account that may do more than they may', ({ actor, target }) => {
  if (actor.kind !== 'user') return actor.kind === 'system'
  return coversAll(actor.principal.grants, target?.accountGrants ?? [])
})

/** Whether grants are at least these others. */
export function coversAll(grants: Grants, others: readonly Grant[]): boolean {
  return others.every(({ permissions, organizationId, scopeId }) =>
    permissions.every((pattern) => grants.covers(pattern, organizationId, scopeId === undefined ? [] : [scopeId])),
  )
}

/** Fields that only administrators of the installation may set: that takes the permission everywhere. */
export const withInstallationFields = (...fields: readonly string[]): Rule =>
  rule(`${fields.join(', ')} only for whoever holds it everywhere`, ({ actor, action, input }) => {
    const sets = fields.some((field) => (input as Readonly<Record<string, unknown>>)[field] !== undefined)
    return !sets || isGrantedEverywhere(actor, action)
  })

/** Applies a rule to one part of the input. */
export const within = (part: string, inner: Rule): Rule =>
  madeOf([inner], '', inner.needsCredential, (request) =>
    inner({ ...request, input: (request.input as Readonly<Record<string, unknown>>)[part] }),
  )

/** Whoever all of the rules allow. */
export const allOf = (...rules: readonly Rule[]): Rule =>
  madeOf(rules, '; ', rules.some(({ needsCredential }) => needsCredential) || undefined, (request) => rules.every((one) => one(request)))

/** Whoever one of the rules allows. */
export const anyOf = (...rules: readonly Rule[]): Rule =>
  madeOf(rules, ', or ', rules.every(({ needsCredential }) => needsCredential) || undefined, (request) => rules.some((one) => one(request)))

/** Joins the descriptions; without one if a rule has none. */
function madeOf(
  rules: readonly Rule[],
  separator: string,
  needsCredential: true | undefined,
  decide: (request: RuleRequest) => boolean,
): Rule {
  const words = rules.flatMap(({ who }) => who ?? [])
  const described = words.length === rules.length ? rule(words.join(separator), decide) : decide
  return needsCredential === true ? Object.assign(described, { needsCredential }) : described
}

/** Whether a rule allows a user only because of their grants: without any grants it would not. */
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

/**
 * Whether a call stays within the organization that its credential is limited to: by a permission that is held there, or because it is
 * about something in it. What users do to their own account is about no organization. true: the credential has no such limit.
 */
export function staysInOrganization(request: RuleRequest): boolean {
  const { actor, target } = request
  const only = actor.kind === 'user' ? (actor.principal.grants.onlyIn ?? null) : null
  if (only === null || granted(request)) return true
  return target !== null && target.organizationId === only && target.isAccount !== true
}

/** The error for a call that would leave the organization of its credential. What is in another organization does not exist for it. */
export function outsideOfOrganization({ action, target }: RuleRequest, targetType: string | null): DenizenError {
  const isElsewhere = target !== null && target.organizationId !== null && target.isAccount !== true
  return isElsewhere && targetType !== null ? notFound({ type: targetType }) : outOfOrganization({ permission: action })
}

/** The error for a call that the rule denies. If the actor may not know of the target, it is the same as for one that does not exist. */
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
