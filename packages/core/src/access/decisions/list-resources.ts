import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineQuery, type CachedTargetFinder } from '../../kernel/action.ts'
import { callerId } from '../../kernel/actor.ts'
import type { QueryContext } from '../../kernel/context.ts'
import { everywhereScope, type Subject } from '../../kernel/decisions.ts'
import { notFound } from '../../kernel/errors.ts'
import type { Grants } from '../../kernel/grants.ts'
import { idOf, idOrNull, uuidOf, uuidsOf, type Id } from '../../kernel/id.ts'
import { cutPage, openCursor } from '../../kernel/page.ts'
import { anyOf, granted } from '../../kernel/rule.ts'
import type { AnswerOf, ParsedInputOf } from '../../kernel/signature.ts'
import { ownerPermissions, hasPermission, permissionsOf } from '../../grants/index.ts'
import { unknownOrigin, withinLimits } from '../subjects.ts'
import { isAboutCaller, visibleSubject, scopeOf, decisionRequestOf } from './decide.ts'
import { decisionsSignatures } from './signatures.ts'
import { aboutCaller, askedScopeTarget } from './targets.ts'

const signature = decisionsSignatures.listResources
type Input = ParsedInputOf<typeof signature>
type Item = AnswerOf<typeof signature>['items'][number]

/** A question about others is about one organization or all of them. */
const askedOrganization = {
  type: 'organization',
  needs: (actor, input) => askedScopeTarget.needs(actor, { ...input, on: scopeInputOf(input) }),
  find: (view, input) => askedScopeTarget.find(view, { on: scopeInputOf(input) }),
} satisfies CachedTargetFinder<Input>

export const listResources = defineQuery(signature, {
  allow: anyOf(aboutCaller, granted),
  aboutCredential: true,
  cachedTarget: askedOrganization,
  async handle(context, input) {
    const { actor, ports } = context
    const { userId, permission, type, organizationId, limit, cursor } = input
    const viewer = callerId(actor) ?? actor.kind
    const cursorScope = { action: signature.name, filters: { userId, permission, type, organizationId }, viewer }
    const position = await openCursor(ports.cipher, cursorScope, cursor)
    const reach = await accessibleTo(context, input)
    if (reach === null) return { items: [], nextCursor: null }
    const after = position === null ? null : String(position[0])
    const rows = await selectAccessible(await context.open(), reach, { type, after, limit: limit + 1 })
    const { shown, nextCursor } = await cutPage(ports.cipher, cursorScope, { rows, limit, positionOf: ({ id }) => [id] })
    return { items: [...shown], nextCursor }
  },
})

function scopeInputOf({ organizationId }: Pick<Input, 'organizationId'>) {
  return organizationId === undefined ? {} : { organizationId }
}

/** The scopes in which a subject has a permission, worked out before resources are selected. */
interface AccessibleResources {
  /** In every organization, and outside of organizations. */
  readonly everywhere: boolean
  /** In these organizations. */
  readonly organizations: readonly Id<'org'>[]
  /** On these resources, and on everything inside them. */
  readonly resources: readonly string[]
  /** On resources the subject owns, in their organizations and outside of organizations, and on everything inside them. */
  readonly owner: Pick<Subject, 'userId' | 'memberships'> | null
  /** Only in this organization; undefined: no limit. */
  readonly only: Id<'org'> | undefined
}

/** null: nowhere. */
async function accessibleTo({ decisions, actor, catalogue }: QueryContext, input: Input): Promise<AccessibleResources | null> {
  const { permission, organizationId } = input
  const asked = { ...input, on: scopeInputOf(input) }
  const facts = await decisions.load(decisionRequestOf(actor, asked))
  const scope = scopeOf(facts, asked.on)
  const aboutThem = isAboutCaller(actor, asked)
  if (scope === null && !aboutThem) throw notFound({ type: askedOrganization.type })
  const everything = { everywhere: true, organizations: [], resources: [], owner: null, only: organizationId }
  if (aboutThem && actor.kind !== 'user') return actor.kind === 'system' ? everything : null
  const subject = visibleSubject({ catalogue, actor, facts }, signature.name, asked, scope ?? everywhereScope)
  if (subject === null) return null
  const from = actor.kind === 'user' && aboutThem ? (actor.from ?? unknownOrigin) : null
  const only = aboutThem && actor.kind === 'user' ? limitToCredential(actor.principal.grants, permission, organizationId) : organizationId
  if (only === null) return null
  const grants = subject.grantsFrom(from)
  if (grants.allowsEverywhere(permission)) return { ...everything, only }
  const isOwners = subject.isActive && hasPermission(permissionsOf(catalogue, ownerPermissions), catalogue, permission)
  return {
    everywhere: false,
    organizations: subject.memberships.flatMap(({ organizationId: id }) => (grants.allows(permission, id) ? [id] : [])),
    resources: [...subject.resources].filter((id) => grants.allows(permission, null, [id])),
    owner: isOwners ? subject : null,
    only,
  }
}

/** The organizations that the limits of a credential leave; null: none. */
function limitToCredential(grants: Grants, permission: string, asked: Id<'org'> | undefined): Id<'org'> | undefined | null {
  const lets = (organizationId: Id<'org'> | null) =>
    withinLimits(grants, permission, { ...everywhereScope, kind: 'resource', organizationId })
  const only = grants.onlyIn ?? null
  if (only === null) return lets(null) ? asked : null
  return (asked === undefined || asked === only) && lets(only) ? only : null
}

interface ResourceRecord {
  readonly id: string
  readonly type: string
  readonly key: string | null
  readonly name: string | null
  readonly organization: string | null
  readonly parent: string | null
  readonly owner: string | null
}

interface Window {
  readonly type: string | undefined
  readonly after: string | null
  readonly limit: number
}

interface Fragment {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** One page, by id. Every subquery has its own index and returns at most one page, so that none gets slower because of another. */
async function selectAccessible(em: SqlEntityManager, reach: AccessibleResources, window: Window): Promise<Item[]> {
  const ways = queriesFor(reach, window)
  if (ways.length === 0) return []
  const rows = await em.execute<ResourceRecord[]>(
    `select distinct on (w.id) w.id::text as id, w.type, w.key, w.name, w.organization_id::text as organization,
        w.parent_id::text as parent, w.owner_user_id::text as owner
      from (${ways.map(({ sql }) => `(${sql})`).join(' union all ')}) w order by w.id limit ?`,
    [...ways.flatMap(({ parameters }) => parameters), window.limit],
  )
  return rows.map(({ id, type, key, name, organization, parent, owner }) => ({
    id: idOf('res', id),
    type,
    key,
    name,
    organizationId: idOrNull('org', organization),
    parentId: idOrNull('res', parent),
    ownerUserId: idOrNull('usr', owner),
  }))
}

function queriesFor({ everywhere, organizations, resources, owner, only }: AccessibleResources, window: Window): readonly Fragment[] {
  const way = (sql: string, ...parameters: unknown[]): Fragment => {
    const wanted = filterOf(window, only)
    return {
      sql: `select r.id, r.type, r.key, r.name, r.organization_id, r.parent_id, r.owner_user_id from resources r
        where ${sql} and ${wanted.sql} order by r.id limit ?`,
      parameters: [...parameters, ...wanted.parameters, window.limit],
    }
  }
  // `offset 0` keeps the planner from scanning all resources in order; the few that match are found by a GIN index.
  const inside = (sql: string, ...parameters: unknown[]): Fragment => {
    const wanted = filterOf(window, only)
    return {
      sql: `select b.* from (select r.id, r.type, r.key, r.name, r.organization_id, r.parent_id, r.owner_user_id from resources r
        where ${sql} and ${wanted.sql} offset 0) b order by b.id limit ?`,
      parameters: [...parameters, ...wanted.parameters, window.limit],
    }
  }
  if (everywhere) return [way('true')]
  const inOrganization = way('r.organization_id = o.id')
  const each = {
    sql: `select b.* from unnest(?::uuid[]) o (id) cross join lateral (${inOrganization.sql}) b`,
    parameters: [uuidsOf(organizations), ...inOrganization.parameters],
  }
  return [
    ...(organizations.length === 0 ? [] : [each]),
    ...(resources.length === 0 ? [] : [inside('r.path && ?::uuid[]', uuidsOf(resources))]),
    ...(owner === null ? [] : queriesForOwned(owner, way, inside)),
  ]
}

/** Resources that a user owns, and everything inside them. */
function queriesForOwned(
  { userId, memberships }: NonNullable<AccessibleResources['owner']>,
  way: (sql: string, ...parameters: unknown[]) => Fragment,
  inside: typeof way,
): readonly Fragment[] {
  const parameters = [uuidOf(userId), uuidsOf(memberships.map(({ organizationId }) => organizationId))]
  const owned = (row: string) => `${row}.owner_user_id = ? and (${row}.organization_id is null or ${row}.organization_id = any(?::uuid[]))`
  return [
    way(owned('r'), ...parameters),
    inside(`r.path && array(select w.id from resources w where ${owned('w')} and w.deleted_at is null)`, ...parameters),
  ]
}

function filterOf({ type, after }: Window, only: Id<'org'> | undefined): Fragment {
  const conditions: readonly Fragment[] = [
    { sql: 'r.deleted_at is null', parameters: [] },
    ...(after === null ? [] : [{ sql: 'r.id > ?', parameters: [uuidOf(after)] }]),
    ...(type === undefined ? [] : [{ sql: 'r.type = ?', parameters: [type] }]),
    ...(only === undefined ? [] : [{ sql: 'r.organization_id = ?', parameters: [uuidOf(only)] }]),
  ]
  return { sql: conditions.map(({ sql }) => sql).join(' and '), parameters: conditions.flatMap(({ parameters }) => parameters) }
}
