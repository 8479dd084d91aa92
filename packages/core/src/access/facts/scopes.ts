import { forEachMoment, timeOf, type Moment } from '../../grants/index.ts'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { everywhereScope, type Scope, type ScopeId } from '../../kernel/decisions.ts'
import { idOf, idOrNull, uuidsOf, type Id } from '../../kernel/id.ts'
import { runStatement, statement } from '../../kernel/statement.ts'
import type { ScopeInput } from '../model.ts'

/** A scope at a time. */
export interface ScopeAt extends Scope {
  /** false: it did not exist yet, or not any more. */
  readonly existed: boolean
}

interface ScopeRecord {
  readonly kind: 'organization' | 'team' | 'resource'
  readonly id: string
  readonly organization: string | null
  readonly path: string | null
  readonly owners: string | null
  readonly existed: boolean
}

/** Of the past, former owners count, but the present path: former parents are not kept. Teams of archived organizations are gone today. */
const scopesStatement = forEachMoment(({ begun, unended, value, present, past }) =>
  statement(
    `scopes${past('_then')}`,
    `with moment as not materialized (select ?::timestamptz as at)
    select 'resource' as kind, r.id::text as id, r.organization_id::text as organization, array_to_json(r.path)::text as path,
        (select json_agg(x.owner)::text from (select ${value('ownership', 'o.id', 'o.owner_user_id::text')} as owner
          from resources o where o.id = any(r.path)) x where x.owner is not null) as owners,
        ${begun('r.created_at')} and ${unended('r.deleted_at')} as existed
      from resources r${past(', moment')} where r.id = any(?::uuid[])
    union all select 'organization', o.id::text, o.id::text, null, null, ${begun('o.created_at')}
      from organizations o${past(', moment')} where o.id = any(?::uuid[])
    union all select 'team', t.id::text, t.organization_id::text, null, null, ${begun('t.created_at')} and ${unended('t.deleted_at')}
        ${present(`and exists (select 1 from organizations o where o.id = t.organization_id and o.status <> 'archived')`)}
      from teams t${past(', moment')} where t.id = any(?::uuid[])`,
  ),
)

async function selectScopes(em: SqlEntityManager, ids: readonly ScopeId[], at: Moment): Promise<readonly ScopeRecord[]> {
  const of = (prefix: 'res' | 'org' | 'team') => uuidsOf(ids.filter((id) => id.startsWith(`${prefix}_`)))
  return runStatement<ScopeRecord>(em, scopesStatement(at), [timeOf(at), of('res'), of('org'), of('team')])
}

/** The scopes that exist, of any kind, in one statement. */
export async function loadScopes<Prefix extends 'res' | 'org' | 'team'>(
  em: SqlEntityManager,
  ids: readonly Id<Prefix>[],
): Promise<ReadonlyMap<Id<Prefix>, Scope>> {
  const records = (await selectScopes(em, ids as readonly ScopeId[], 'now')).filter(({ existed }) => existed)
  return new Map(records.map((record) => [idOf(prefixes[record.kind] as Prefix, record.id), scopeOf(record)]))
}

/** The scope that an input names; null: it does not exist. Archived organizations are found for those who run the installation. */
export async function findScope(em: SqlEntityManager, on: ScopeInput): Promise<Scope | null> {
  const id = scopeIdOf(on)
  return id === null ? everywhereScope : ((await loadScopes(em, [id])).get(id) ?? null)
}

/** The scope that an input names, at a moment; null: it does not exist, or of the past: it has never existed. */
export async function findScopeAt(em: SqlEntityManager, on: ScopeInput, at: Moment): Promise<ScopeAt | null> {
  const id = scopeIdOf(on)
  if (id === null) return { ...everywhereScope, existed: true }
  const [record] = await selectScopes(em, [id], at)
  return record === undefined || (at === 'now' && !record.existed) ? null : { ...scopeOf(record), existed: record.existed }
}

/** The id of a scope; null: everywhere. */
export function scopeIdOf(on: ScopeInput | undefined): ScopeId | null {
  if (on === undefined) return null
  if ('resourceId' in on) return on.resourceId
  if ('organizationId' in on) return on.organizationId
  return 'teamId' in on ? on.teamId : null
}

/** A scope as input. */
export function scopeInputOf({ organizationId, teamId, resourceId }: ScopeColumns): ScopeInput {
  if (resourceId !== null) return { resourceId }
  if (teamId !== null) return { teamId }
  return organizationId === null ? {} : { organizationId }
}

interface ScopeColumns {
  readonly organizationId: Id<'org'> | null
  readonly teamId: Id<'team'> | null
  readonly resourceId: Id<'res'> | null
}

const prefixes = { resource: 'res', organization: 'org', team: 'team' } as const

function scopeOf({ kind, id, organization, path: uuids, owners }: ScopeRecord): Scope {
  const path = kind === 'team' ? [idOf('team', id)] : parsed(uuids).map((uuid) => idOf('res', uuid))
  const organizationId = idOrNull('org', organization)
  return { kind, organizationId, path, owners: owners === null ? nobody : parsed(owners).map((uuid) => idOf('usr', uuid)) }
}

function parsed(json: string | null): readonly string[] {
  return json === null ? [] : (JSON.parse(json) as string[])
}

const nobody: readonly Id<'usr'>[] = []
