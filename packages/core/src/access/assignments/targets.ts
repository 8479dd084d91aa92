import type { SqlEntityManager } from '@mikro-orm/sql'
import type { TargetFinder } from '../../kernel/action.ts'
import type { Actor } from '../../kernel/actor.ts'
import type { Scope } from '../../kernel/decisions.ts'
import type { Target } from '../../kernel/rule.ts'
import type { AssignmentId, ScopeInput } from '../model.ts'
import { findScope, scopeInputOf } from '../facts/scopes.ts'
import { targetInScope, visibleWith } from '../targets.ts'
import { findAssignment } from './repository.ts'

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
  const { kind, organizationId, path } = scope
  return targetInScope(em, scope, actor, { type: kind, id: path[0] ?? organizationId ?? '', visibleWith: visibleWith[kind] })
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
    const scope = found === null ? null : await findScope(em, scopeInputOf(found.scope))
    if (scope === null) return null
    // Assignments that count everywhere are visible only with that permission everywhere.
    if (scope.kind === 'system')
      return { type: 'assignment', id: assignmentId, organizationId: null, userId: null, visibleWith: visibleWith.system }
    return { ...(await targetOf(em, scope, actor)), type: 'assignment', id: assignmentId, visibleWith: visibleWith.system }
  },
} satisfies TargetFinder<NamesAssignment>
