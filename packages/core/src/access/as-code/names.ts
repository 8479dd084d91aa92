import type { SqlEntityManager } from '@mikro-orm/sql'
import { arrayLiteral } from '../../kernel/array-literal.ts'
import type { Scope } from '../../kernel/decisions.ts'
import { idOf, isId, uuidsOf, type Id } from '../../kernel/id.ts'
import { identifierForm } from '../../text/index.ts'
import type { RoleId } from '../model.ts'
import { loadScopes } from '../facts/scopes.ts'
import type { DocumentScope } from './document.ts'
import type { NamedScope, NamedSubject } from './model.ts'

/** The names in a document, without duplicates. */
export interface NamesInDocument {
  readonly users: ReadonlySet<string>
  readonly teams: ReadonlySet<string>
  readonly resources: ReadonlySet<string>
}

/** What the names stand for; names that do not exist in the document's tenant are missing. */
export interface FoundNames {
  readonly users: ReadonlyMap<string, NamedSubject>
  readonly teams: ReadonlyMap<string, NamedSubject>
  readonly resources: ReadonlyMap<string, NamedScope>
  /** The scopes of the resources: their ancestors and owners. */
  readonly scopes: ReadonlyMap<Id<'res'>, Scope>
}

/** A role by its name: the organization's, else the installation's. */
export interface NamedRole {
  readonly id: RoleId
  readonly name: string
}

/** The lookup key of a resource: its id, or type and key. */
export function resourceKey(resource: Extract<DocumentScope, { resource: unknown }>['resource']): string {
  return typeof resource === 'string' ? resource : JSON.stringify([resource.type, resource.key])
}

/** Looks up all names with one statement per kind. Whatever belongs to another organization is not found. */
export async function findNames(
  em: SqlEntityManager,
  organizationId: Id<'org'> | null,
  tenant: string,
  names: NamesInDocument,
): Promise<FoundNames> {
  const users = await findUsers(em, organizationId, tenant, [...names.users])
  if (organizationId === null) return { users, teams: new Map(), resources: new Map(), scopes: new Map() }
  const resources = await findResources(em, organizationId, tenant, [...names.resources])
  const ids = [...resources.values()].flatMap(({ resourceId }) => resourceId ?? [])
  return {
    users,
    teams: await findTeams(em, tenant, [...names.teams]),
    resources,
    scopes: ids.length === 0 ? new Map() : await loadScopes(em, ids),
  }
}

/** Members of the organization, and users who still have an assignment in it, so that it can be ended. */
const isKnown = `(exists (select 1 from memberships m where m.organization_id = ?::uuid and m.user_id = u.id)
  or exists (select 1 from role_assignments a where a.organization_id = ?::uuid and a.user_id = u.id and a.revoked_at is null))`

async function findUsers(em: SqlEntityManager, organizationId: Id<'org'> | null, tenant: string, texts: readonly string[]) {
  if (texts.length === 0) return new Map<string, NamedSubject>()
  const normal = new Map(texts.map((text) => [text, identifierForm(text) ?? '']))
  const ids = texts.filter((text) => isId('usr', text))
  const rows = await em.execute<{ id: string; username: string; email: string | null }[]>(
    `select u.id::text as id, u.username, u.email from users u
      where (u.id = any(?::uuid[]) or u.username = any(?::text[]) or u.email = any(?::text[])) and ${organizationId === null ? 'true' : isKnown}`,
    [uuidsOf(ids), arrayLiteral(normal.values()), arrayLiteral(normal.values()), ...(organizationId === null ? [] : [tenant, tenant])],
  )
  const found = new Map<string, NamedSubject>()
  const subjects = rows.map(({ id, username, email }) => ({ id: idOf('usr', id), username, email }))
  const byId = new Map(subjects.map((user) => [user.id as string, user]))
  const byName = new Map(
    subjects.flatMap((user) => [user.username, user.email].flatMap((name) => (name === null ? [] : [[name, user] as const]))),
  )
  for (const [text, name] of normal) {
    const user = isId('usr', text) ? byId.get(text) : byName.get(name)
    if (user !== undefined) found.set(text, { kind: 'user', id: user.id, name: user.username })
  }
  return found
}

async function findTeams(em: SqlEntityManager, tenant: string, texts: readonly string[]) {
  if (texts.length === 0) return new Map<string, NamedSubject>()
  const ids = texts.filter((text) => isId('team', text))
  const rows = await em.execute<{ id: string; name: string; lowered: string[] | null; requested: string }[]>(
    `select t.id::text as id, t.name, w.text as requested from unnest(?::text[]) w (text)
      join teams t on t.organization_id = ?::uuid and lower(t.name) = lower(w.text) and t.deleted_at is null
      union all select t.id::text, t.name, null from teams t where t.organization_id = ?::uuid and t.id = any(?::uuid[]) and t.deleted_at is null`,
    [arrayLiteral(texts), tenant, tenant, uuidsOf(ids)],
  )
  return new Map(
    rows.map(({ id, name, requested }) => [requested ?? idOf('team', id), { kind: 'team' as const, id: idOf('team', id), name }]),
  )
}

async function findResources(em: SqlEntityManager, organizationId: Id<'org'>, tenant: string, keys: readonly string[]) {
  if (keys.length === 0) return new Map<string, NamedScope>()
  const ids = keys.filter((text) => isId('res', text))
  const pairs = keys.filter((text) => text.startsWith('[')).map((text) => JSON.parse(text) as [string, string])
  const rows = await em.execute<{ id: string; type: string; key: string | null }[]>(
    `select r.id::text as id, r.type, r.key from resources r where r.organization_id = ?::uuid and r.deleted_at is null
      and (r.id = any(?::uuid[]) or (r.type, r.key) in (select * from unnest(?::text[], ?::text[])))`,
    [tenant, uuidsOf(ids), arrayLiteral(pairs.map(([type]) => type)), arrayLiteral(pairs.map(([, key]) => key))],
  )
  const desired = new Set(keys)
  return new Map(
    rows.flatMap(({ id, type, key }) => {
      const resourceId = idOf('res', id)
      const scope: NamedScope = { kind: 'resource', organizationId, teamId: null, resourceId, name: resourceName(type, key, resourceId) }
      return [resourceId, JSON.stringify([type, key])].filter((text) => desired.has(text)).map((text) => [text, scope] as const)
    }),
  )
}

/** A resource in text output. */
export function resourceName(type: string, key: string | null, id: string): string {
  return `${type} ${key ?? id}`
}
