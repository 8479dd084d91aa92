import type { Actor, Principal } from '../../kernel/actor.ts'
import {
  everywhereScope,
  type DecisionFacts,
  type DecisionRequest,
  type DecisionView,
  type Scope,
  type ScopeId,
  type Subject,
  type SubjectKey,
} from '../../kernel/decisions.ts'
import type { Grants } from '../../kernel/grants.ts'
import type { Id } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import type { ScopeInput } from '../model.ts'
import { grantsOf } from '../../grants/index.ts'
import { scopeIdOf } from '../facts/scopes.ts'
import { isAllowedAt, unknownOrigin, limitPermissions, withinLimits, permissionsAt } from '../subjects.ts'

/** The subject and scope of a question. */
export interface DecisionInput {
  readonly userId?: Id<'usr'> | undefined
  readonly sessionId?: Id<'ses'> | undefined
  readonly on?: ScopeInput | undefined
}

/** Whether callers ask about themselves, with the credential they show. */
export function isAboutCaller(actor: Actor, { userId, sessionId }: DecisionInput): boolean {
  if (userId === undefined) return true
  if (actor.kind !== 'user' || userId !== actor.principal.userId) return false
  return sessionId === undefined || sessionId === actor.principal.sessionId
}

/** The scope in question; null: it does not exist. */
export function scopeOf(facts: DecisionFacts, on: ScopeInput | undefined): Scope | null {
  const id = scopeIdOf(on)
  return id === null ? everywhereScope : facts.scope(id)
}

/** The facts that an answer needs: about the caller, the subject and the scopes. */
export function decisionRequestOf(
  actor: Actor,
  asked: DecisionInput,
  scopes: readonly (ScopeInput | undefined)[] = [asked.on],
): DecisionRequest {
  const caller = callerOf(actor)
  const about = isAboutCaller(actor, asked) ? null : subjectKeyOf(actor, asked)
  // In loops, because this is on the path of every decision.
  const subjects: SubjectKey[] = caller === null ? [] : [caller]
  if (about !== null) subjects.push(about)
  const ids: ScopeId[] = []
  for (const on of scopes) {
    const id = scopeIdOf(on)
    if (id !== null) ids.push(id)
  }
  return { subjects, scopes: ids }
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

/** Whether the caller has a permission in a scope, with this credential and from this address. */
export function isCallerAllowed({ catalogue, actor, facts }: DecisionView, permission: string, scope: Scope): boolean {
  if (actor.kind !== 'user') return actor.kind === 'system' && unlimitedGrants(catalogue).allowsEverywhere(permission)
  const { principal, from = unknownOrigin } = actor
  const subject = facts.subject(keyOfPrincipal(principal))
  if (subject === null || !isAllowedAt(subject.grantsFrom(from), subject, permission, scope)) return false
  return withinLimits(principal.grants, permission, scope)
}

function unlimitedGrants(catalogue: Catalogue): Grants {
  return grantsOf(catalogue, [{ organizationId: null, permissions: ['*'] }])
}

/** The caller's grants in a scope, for rules: the cached equivalent of `targetInScope`. */
export function callerGrants(view: DecisionView, principal: Principal, scope: Scope): Grants {
  const { grants } = principal
  const held = callerPermissions.bind(null, view, scope)
  return {
    allows: (permission) => isCallerAllowed(view, permission, scope),
    allowsEverywhere: (permission) => grants.allowsEverywhere(permission),
    allowsSomewhere: (permission) => grants.allowsSomewhere(permission),
    covers: (pattern) => grantsOf(view.catalogue, [{ organizationId: null, permissions: held() }]).covers(pattern, null),
    list: held,
    withSameLimits: (holdings) => grants.withSameLimits(holdings),
  }
}

/** All permissions of the caller in a scope. */
export function callerPermissions({ catalogue, actor, facts }: DecisionView, scope: Scope): readonly string[] {
  if (actor.kind !== 'user') return actor.kind === 'system' ? unlimitedGrants(catalogue).list() : []
  const { principal, from = unknownOrigin } = actor
  const subject = facts.subject(keyOfPrincipal(principal))
  if (subject === null) return []
  return limitPermissions(catalogue, principal.grants, permissionsAt(catalogue, subject.grantsFrom(from), subject, scope), scope)
}

/**
 * The subject, if the caller may know it; null: there is no such user or session, or the caller may not know it. Administrators of an
 * organization may know its members; owners of a resource outside of organizations may know whoever has an assignment on it; otherwise
 * the caller needs the permission everywhere, and is not even told who runs the installation. So the id of another tenant's user
 * and an unknown id give the same answer.
 */
export function visibleSubject({ actor, facts }: DecisionView, action: string, asked: DecisionInput, scope: Scope): Subject | null {
  const key = subjectKeyOf(actor, asked)
  const found = key === null ? null : facts.subject(key)
  // Of callers themselves the pipeline has asked that, with their address.
  const subject = found === null || isAboutCaller(actor, asked) || found.isValidFrom(null) ? found : null
  if (subject === null || actor.kind === 'system') return subject
  if (actor.kind !== 'user') return null
  const { userId, grants } = actor.principal
  return userId === subject.userId || grants.allowsEverywhere(action) || belongsTo(subject, scope) ? subject : null
}

/** Whether a user belongs to a scope: is a member of its organization or, outside of organizations, owns it or has an assignment on it. */
export function belongsTo(
  { userId, memberships, resources }: Pick<Subject, 'userId' | 'memberships' | 'resources'>,
  { organizationId, owners, path }: Scope,
): boolean {
  if (organizationId !== null) return memberships.some((membership) => membership.organizationId === organizationId)
  return owners.includes(userId) || path.some((id) => resources.has(id))
}

/** Whether a subject has a permission in a scope, as far as the caller may know. */
export function isAllowed(view: DecisionView, action: string, asked: DecisionInput, permission: string, scope: Scope): boolean {
  if (isAboutCaller(view.actor, asked)) return isCallerAllowed(view, permission, scope)
  const subject = visibleSubject(view, action, asked, scope)
  return subject !== null && isAllowedAt(subject.grantsFrom(null), subject, permission, scope)
}

/** Whether the caller's permissions depend on the address of the call. */
export function dependsOnAddress({ actor, facts }: DecisionView): boolean {
  const caller = callerOf(actor)
  return caller !== null && facts.subject(caller)?.conditional === true
}
