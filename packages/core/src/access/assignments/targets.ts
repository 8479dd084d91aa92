import type { SqlEntityManager } from '@mikro-orm/sql'
import type { TargetFinder } from '../../kernel/action.ts'
import type { Actor } from '../../kernel/actor.ts'
import type { Target } from '../../kernel/rule.ts'
import type { AssignmentId, ScopeInput, Assignment } from '../model.ts'
import type { ScopeKind } from '../../grants/model.ts'
import { findScope, targetInScope, type Scope } from '../scopes.ts'
import { findAssignment } from './repository.ts'

/** The permission that makes a scope visible. */
const visibleWith: Readonly<Record<ScopeKind, string>> = {
  system: 'access.listAssignments',
  organization: 'organizations.get',
  team: 'teams.listMembers',
  resource: 'resources.get',
}

interface NamesScope {
  readonly on?: ScopeInput | undefined
}

/** Finds the scope of an assignment. */
export const scopeTarget = {
  type: 'place',
  async find(em: SqlEntityManager, { on = {} }: NamesScope, actor: Actor): Promise<Target | null | undefined> {
    const scope = await findScope(em, on)
    if (scope === null) return null
    return scope.kind === 'system' ? undefined : targetOf(em, scope, actor)
  },
} satisfies TargetFinder<NamesScope>

function targetOf(em: SqlEntityManager, scope: Scope, actor: Actor): Promise<Target> {
  const id = scope.path[0] ?? scope.organizationId ?? ''
  const type = scope.kind === 'system' ? 'place' : scope.kind
  return targetInScope(em, scope, actor, { type, id, visibleWith: visibleWith[scope.kind] })
}

interface NamesAssignment extends NamesScope {
  readonly assignmentId?: AssignmentId | undefined
}

/** Finds an assignment by its id or its scope; the rule is decided in its scope. */
export const assignmentTarget = {
  type: 'assignment',
  async find(em: SqlEntityManager, { assignmentId, on }: NamesAssignment, actor: Actor): Promise<Target | null | undefined> {
    if (assignmentId === undefined) return scopeTarget.find(em, { on }, actor)
    const found = await findAssignment(em, assignmentId, new Date(0))
    const scope = found === null ? null : await findScope(em, scopeInputOf(found))
    if (scope === null) return null
    // Assignments that count everywhere are visible only with that permission everywhere.
    if (scope.kind === 'system')
      return { type: 'assignment', id: assignmentId, organizationId: null, userId: null, visibleWith: visibleWith.system }
    return { ...(await targetOf(em, scope, actor)), type: 'assignment', id: assignmentId, visibleWith: 'access.listAssignments' }
  },
} satisfies TargetFinder<NamesAssignment>

/** The scope of an assignment as input. */
export function scopeInputOf({ scope: { kind, organizationId, teamId, resourceId } }: Assignment): ScopeInput {
  if (kind === 'resource' && resourceId !== null) return { resourceId }
  if (kind === 'team' && teamId !== null) return { teamId }
  return kind === 'organization' && organizationId !== null ? { organizationId } : {}
}
