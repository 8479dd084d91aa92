import { idOrNull, isId, uuidOf } from '../../kernel/id.ts'
import type { Scope } from '../../kernel/decisions.ts'
import type { Names } from '../facts/names.ts'
import type { ScopeDescription } from './model.ts'

/** The UUIDs of a scope's organization and path. */
export function uuidsIn({ organizationId, path }: Scope): readonly string[] {
  return [...(organizationId === null ? [] : [organizationId]), ...path].map(uuidOf)
}

export function describeScope({ kind, organizationId, path }: Scope, names: Names): ScopeDescription {
  const [inner = null] = path
  return scopeDescription(kind, kind === 'organization' ? organizationId : inner, names)
}

interface AssignmentScope {
  readonly scope: ScopeDescription['kind']
  readonly organization: string | null
  readonly object: string | null
}

/** The scope of an assignment, whose ids are UUIDs. */
export function describeAssignmentScope({ scope, organization, object }: AssignmentScope, names: Names): ScopeDescription {
  const prefix = scope === 'organization' ? 'org' : scope === 'team' ? 'team' : 'res'
  const uuid = scope === 'organization' ? organization : object
  return scopeDescription(scope, idOrNull(prefix, uuid), names)
}

function scopeDescription(kind: ScopeDescription['kind'], id: string | null, names: Names): ScopeDescription {
  if (kind === 'system' || id === null) return { kind: 'system', id: null, name: 'everywhere' }
  const name = names.get(uuidOf(id)) ?? id
  return { kind, id: isId('org', id) || isId('team', id) || isId('res', id) ? id : null, name }
}

/** A scope in a sentence: the organization acme, document Plan. */
export function scopeInWords({ kind, name }: ScopeDescription): string {
  return kind === 'organization' || kind === 'team' ? `the ${kind} ${name}` : name
}

/** The same with what goes before it: on document Plan, everywhere. */
export function onScopeInWords(scope: ScopeDescription): string {
  return scope.kind === 'system' ? scope.name : `on ${scopeInWords(scope)}`
}
