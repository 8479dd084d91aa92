import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Scope, ScopeId } from '../../kernel/decisions.ts'
import { idOf, uuidsOf, type Id } from '../../kernel/id.ts'
import { runStatement, statement } from '../../kernel/statement.ts'

interface ScopeRecord {
  readonly kind: 'organization' | 'team' | 'resource'
  readonly id: string
  readonly organization: string | null
  readonly path: string | null
  readonly owners: string | null
}

/** Equivalent to `findScope`: deleted resources and teams, and teams of archived organizations, are not found. */
const scopesStatement = statement(
  'places',
  `select 'resource' as kind, r.id::text as id, r.organization_id::text as organization, array_to_json(r.path)::text as path,
      (select json_agg(o.owner_user_id)::text from resources o where o.id = any(r.path) and o.owner_user_id is not null) as owners
    from resources r where r.id = any(?::uuid[]) and r.deleted_at is null
  union all select 'organization', o.id::text, o.id::text, null, null from organizations o where o.id = any(?::uuid[])
  union all select 'team', t.id::text, t.organization_id::text, null, null from teams t
    join organizations o on o.id = t.organization_id and o.status <> 'archived' where t.id = any(?::uuid[]) and t.deleted_at is null`,
)

/** Loads scopes of any kind, in one statement. Missing ones are left out. */
export async function loadScopes(em: SqlEntityManager, ids: readonly ScopeId[]): Promise<ReadonlyMap<ScopeId, Scope>> {
  const of = (prefix: 'res' | 'org' | 'team') => uuidsOf(ids.filter((id) => id.startsWith(`${prefix}_`)))
  const records = await runStatement<ScopeRecord>(em, scopesStatement, [of('res'), of('org'), of('team')])
  return new Map(records.map((record) => [idOf(prefixes[record.kind], record.id), scopeOf(record)]))
}

const prefixes = { resource: 'res', organization: 'org', team: 'team' } as const

function scopeOf({ kind, id, organization, path: uuids, owners }: ScopeRecord): Scope {
  const path = kind === 'team' ? [idOf('team', id)] : parsed(uuids).map((uuid) => idOf('res', uuid))
  const organizationId = organization === null ? null : idOf('org', organization)
  return { kind, organizationId, path, owners: owners === null ? nobody : parsed(owners).map((uuid) => idOf('usr', uuid)) }
}

function parsed(json: string | null): readonly string[] {
  return json === null ? [] : (JSON.parse(json) as string[])
}

const nobody: readonly Id<'usr'>[] = []

/** The ids whose invalidation drops a cached scope: it, or one of its ancestors, was moved, transferred or deleted. */
export function keysOfScope({ organizationId, path }: Scope): readonly string[] {
  return organizationId === null ? path : [organizationId, ...path]
}
