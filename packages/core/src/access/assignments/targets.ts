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
    const place = await findScope(em, on)
    if (place === null) return null
    return place.kind === 'system' ? undefined : targetOf(em, place, actor)
  },
} satisfies TargetFinder<NamesScope>

function targetOf(em: SqlEntityManager, place: Scope, actor: Actor): Promise<Target> {
  const id = place.path[0] ?? place.organizationId ?? ''
  const type = place.kind === 'system' ? 'place' : place.kind
  return targetInScope(em, place, actor, { type, id, visibleWith: visibleWith[place.kind] })
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
    const place = found === null ? null : await findScope(em, scopeInputOf(found))
    if (place === null) return null
    // Assignments on the whole system are visible only with that permission on the whole system.
    if (place.kind === 'system')
      return { type: 'assignment', id: assignmentId, organizationId: null, userId: null, visibleWith: visibleWith.system }
    return { ...(await targetOf(em, place, actor)), type: 'assignment', id: assignmentId, visibleWith: 'access.listAssignments' }
  },
} satisfies TargetFinder<NamesAssignment>

/** The scope of an assignment as input. */
export function scopeInputOf({ scope: { kind, organizationId, teamId, resourceId } }: Assignment): ScopeInput {
  if (kind === 'resource' && resourceId !== null) return { resourceId }
  if (kind === 'team' && teamId !== null) return { teamId }
  return kind === 'organization' && organizationId !== null ? { organizationId } : {}
}
