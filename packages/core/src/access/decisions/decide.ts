import type { Actor, Principal } from '../../kernel/context.ts'
import {
  systemScope,
  type DecisionFacts,
  type Scope,
  type ScopeId,
  type Subject,
  type SubjectKey,
  type DecisionRequest,
} from '../../kernel/decisions.ts'
import type { Grants } from '../../kernel/grants.ts'
import type { Id } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import type { ScopeInput } from '../model.ts'
import { grantsOf } from '../../grants/index.ts'
import { isAllowedAt, limitPermissions, withinLimits, permissionsAt } from '../subjects.ts'

/** About whom, and where, something is asked. */
export interface DecisionInput {
  readonly userId?: Id<'usr'> | undefined
  readonly sessionId?: Id<'ses'> | undefined
  readonly on?: ScopeInput | undefined
}

/** Who asks, and what is known for the answer. */
export interface DecisionView {
  readonly catalogue: Catalogue
  readonly actor: Actor
  readonly facts: DecisionFacts
}

/** Whether a caller asks about themselves, with the credential that they show. */
export function isAboutCaller(actor: Actor, { userId, sessionId }: DecisionInput): boolean {
  if (userId === undefined) return true
  if (actor.kind !== 'user' || userId !== actor.principal.userId) return false
  return sessionId === undefined || sessionId === actor.principal.sessionId
}

/** The id that a scope is found by; null: it is the system. */
export function scopeIdOf(on: ScopeInput | undefined): ScopeId | null {
  if (on === undefined) return null
  if ('resourceId' in on) return on.resourceId
  if ('organizationId' in on) return on.organizationId
  return 'teamId' in on ? on.teamId : null
}

/** The scope that was asked about; null: it is not there. */
export function scopeOf(facts: DecisionFacts, on: ScopeInput | undefined): Scope | null {
  const id = scopeIdOf(on)
  return id === null ? systemScope : facts.scope(id)
}

/** What has to be known to answer: about whom is asked, who asks, and the scopes. */
export function decisionRequestOf(
  actor: Actor,
  asked: DecisionInput,
  scopes: readonly (ScopeInput | undefined)[] = [asked.on],
): DecisionRequest {
  const caller = callerOf(actor)
  const about = subjectKeyOf(actor, asked)
  const subjects = [caller, isAboutCaller(actor, asked) ? null : about].filter((key) => key !== null)
  return { subjects, scopes: scopes.flatMap((on) => scopeIdOf(on) ?? []) }
}

function callerOf(actor: Actor): SubjectKey | null {
  return actor.kind === 'user' ? keyOfPrincipal(actor.principal) : null
}

function keyOfPrincipal({ userId, sessionId }: Principal): SubjectKey {
  return { userId, sessionId }
}

function subjectKeyOf(actor: Actor, asked: DecisionInput): SubjectKey | null {
  if (isAboutCaller(actor, asked)) return callerOf(actor)
  return asked.userId === undefined ? null : { userId: asked.userId, sessionId: asked.sessionId ?? null }
}

/** Whether the caller may do something there, by the credential that they show and from where they call. */
export function isCallerAllowed({ catalogue, actor, facts }: DecisionView, permission: string, scope: Scope): boolean {
  if (actor.kind !== 'user') return actor.kind === 'system' && unlimitedGrants(catalogue).allowsEverywhere(permission)
  const { principal, from = unknownOrigin } = actor
  const subject = facts.subject(keyOfPrincipal(principal))
  if (subject === null || !isAllowedAt(subject.grantsFrom(from), subject, permission, scope)) return false
  return withinLimits(principal.grants, permission, scope)
}

/** A call in this process, past the pipeline. */
const unknownOrigin = { ip: null }

function unlimitedGrants(catalogue: Catalogue): Grants {
  return grantsOf(catalogue, [{ organizationId: null, permissions: ['*'] }])
}

/** What the caller may do there, for rules to ask: as `targetAt` reads it, from what is known. */
export function callerGrants(view: DecisionView, principal: Principal, scope: Scope): Grants {
  const { grants } = principal
  const held = callerPermissions.bind(null, view, scope)
  return {
    allows: (permission) => isCallerAllowed(view, permission, scope),
    allowsEverywhere: (permission) => grants.allowsEverywhere(permission),
    covers: (pattern) => grantsOf(view.catalogue, [{ organizationId: null, permissions: held() }]).covers(pattern, null),
    list: held,
    withSameLimits: (holdings) => grants.withSameLimits(holdings),
  }
}

/** Everything that the caller may do there. */
export function callerPermissions({ catalogue, actor, facts }: DecisionView, scope: Scope): readonly string[] {
  if (actor.kind !== 'user') return actor.kind === 'system' ? unlimitedGrants(catalogue).list() : []
  const { principal, from = unknownOrigin } = actor
  const subject = facts.subject(keyOfPrincipal(principal))
  if (subject === null) return []
  return limitPermissions(catalogue, principal.grants, permissionsAt(catalogue, subject.grantsFrom(from), subject, scope), scope)
}

/**
 * Whoever is asked about, if the caller may be told about them there; null: there is no such user or session, or the
 * caller may not know. Who runs an organization is told about its members, who owns something outside of
 * organizations about those who were given something on it, and nobody who does not hold the action everywhere about
 * anybody else: not even that they run the installation. So an id of another tenant's user and one that was never
 * given out have the same answer: nothing is allowed to them.
 */
export function visibleSubject({ actor, facts }: DecisionView, action: string, asked: DecisionInput, scope: Scope): Subject | null {
  const key = subjectKeyOf(actor, asked)
  const subject = key === null ? null : facts.subject(key)
  if (subject === null || actor.kind === 'system') return subject
  if (actor.kind !== 'user') return null
  const { userId, grants } = actor.principal
  return userId === subject.userId || grants.allowsEverywhere(action) || belongsTo(subject, scope) ? subject : null
}

/** Whether somebody belongs to a scope: to its organization; or, where it is in none, to those who own it or were given something on it. */
export function belongsTo(
  { userId, memberships, resources }: Pick<Subject, 'userId' | 'memberships' | 'resources'>,
  { organizationId, owners, path }: Scope,
): boolean {
  if (organizationId !== null) return memberships.some((membership) => membership.organizationId === organizationId)
  return owners.includes(userId) || path.some((id) => resources.has(id))
}

/** Whether somebody may do something at a scope, so far as the caller may be told. */
export function isAllowed(view: DecisionView, action: string, asked: DecisionInput, permission: string, scope: Scope): boolean {
  if (isAboutCaller(view.actor, asked)) return isCallerAllowed(view, permission, scope)
  const subject = visibleSubject(view, action, asked, scope)
  return subject !== null && isAllowedAt(subject.grantsFrom(null), subject, permission, scope)
}

/** Whether all whom a question is about are cached, and the caller may the same from everywhere. */
export function isCached(facts: DecisionFacts, actor: Actor, asked: DecisionInput): boolean {
  const caller = callerOf(actor)
  const subject = caller === null ? null : facts.subject(caller)
  if (subject === null || subject.conditional) return false
  const about = isAboutCaller(actor, asked) ? null : subjectKeyOf(actor, asked)
  return about === null || facts.subject(about) !== null
}
