import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Grants } from '../../kernel/grants.ts'
import { idOf, uuidsOf, type Id } from '../../kernel/id.ts'
import type { Scope } from '../../kernel/decisions.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { coveredBy, permissionsOf } from '../../grants/index.ts'
import { mostListed, type Effect, type Effects, type NamedScope, type NamedSubject } from './model.ts'
import { resourceName } from './names.ts'
import { scopesByKey, type EffectivePermissions, type PermissionsSnapshot } from './snapshot.ts'

/** The permissions that a subject gains and loses in a scope, by ids. */
interface PermissionChange {
  readonly subject: Id<'usr'> | Id<'team'>
  readonly scope: Scope
  readonly gained: readonly string[]
  readonly lost: readonly string[]
  readonly conditional: boolean
}

/**
 * Compares two snapshots of the same subjects. A permission is reported once, in the widest scope where it changed.
 * @param organizationId only effects in this organization; null: everywhere
 */
export async function effectsBetween(
  em: SqlEntityManager,
  catalogue: Catalogue,
  {
    before,
    after,
    organizationId,
  }: { readonly before: PermissionsSnapshot; readonly after: PermissionsSnapshot; readonly organizationId: Id<'org'> | null },
): Promise<readonly PermissionChange[]> {
  const pairs = [...pairsOf(before.teams, after.teams), ...pairsOf(before.users, after.users)]
  const keys = pairs.flatMap(({ was, is }) => [...(was?.scopes.values() ?? []), ...(is?.scopes.values() ?? [])])
  const scopes = await scopesByKey(
    em,
    keys.filter((key) => organizationId === null || key.organizationId === organizationId),
  )
  return pairs.flatMap((pair) => effectsOn(catalogue, pair, scopes))
}

interface Pair {
  readonly subject: Id<'usr'> | Id<'team'>
  readonly was: EffectivePermissions | undefined
  readonly is: EffectivePermissions | undefined
}

function pairsOf<Subject extends Id<'usr'> | Id<'team'>>(
  before: ReadonlyMap<Subject, EffectivePermissions>,
  after: ReadonlyMap<Subject, EffectivePermissions>,
): readonly Pair[] {
  return [...before].map(([subject, was]) => ({ subject, was, is: after.get(subject) }))
}

function effectsOn(catalogue: Catalogue, { subject, was, is }: Pair, scopes: ReadonlyMap<string, Scope>): PermissionChange[] {
  const keys = new Set([...(was?.scopes.keys() ?? []), ...(is?.scopes.keys() ?? [])])
  const mine = [...scopes].filter(([key]) => keys.has(key)).map(([, scope]) => scope)
  const reported: PermissionChange[] = []
  for (const conditional of [false, true]) {
    if (conditional && was?.grants === was?.unconditional && is?.grants === is?.unconditional) continue
    for (const scope of mine) {
      const [one, other] = conditional ? [was?.unconditional, is?.unconditional] : [was?.grants, is?.grants]
      const wider = reported.filter((effect) => contains(effect.scope, scope))
      const gained = newPermissions(
        catalogue,
        other,
        one,
        scope,
        wider.flatMap((effect) => effect.gained),
      )
      const lost = newPermissions(
        catalogue,
        one,
        other,
        scope,
        wider.flatMap((effect) => effect.lost),
      )
      if (gained.length + lost.length > 0) reported.push({ subject, scope, gained, lost, conditional })
    }
  }
  return reported
}

/** The permissions that the first grants have in a scope and the second do not, without those already reported for a wider scope. */
function newPermissions(
  catalogue: Catalogue,
  one: Grants | undefined,
  other: Grants | undefined,
  scope: Scope,
  reported: readonly string[],
): readonly string[] {
  if (one === undefined) return []
  const { organizationId, path } = scope
  const known = reported.length === 0 ? [] : [permissionsOf(catalogue, reported)]
  return one
    .list(organizationId, path)
    .filter((permission) => other?.covers(permission, organizationId, path) !== true && !coveredBy(known, catalogue, permission))
}

/** Whether a grant in the wider scope also counts in the other one. */
function contains(wider: Scope, scope: Scope): boolean {
  if (wider === scope || wider.kind === 'system') return true
  if (wider.kind === 'organization') return wider.organizationId === scope.organizationId
  return wider.kind === scope.kind && scope.path.includes(wider.path[0] ?? '')
}

/** The effects as output: counted, the first of them with names. */
export async function shownEffects(em: SqlEntityManager, effects: readonly PermissionChange[]): Promise<Effects> {
  const items = effects.slice(0, mostListed)
  const names = await namesOf(em, items)
  const count = (prefix: string) => new Set(effects.flatMap(({ subject }) => (subject.startsWith(prefix) ? [subject] : []))).size
  return {
    users: count('usr_'),
    teams: count('team_'),
    count: effects.length,
    items: items.map((effect) => shownEffect(effect, names)).toSorted(byName),
  }
}

/** Teams before users, each by name; the effects of one subject stay in order. */
function byName({ subject: one }: Effect, { subject: other }: Effect): number {
  if (one.kind !== other.kind) return one.kind === 'team' ? -1 : 1
  return one.name === other.name ? 0 : one.name < other.name ? -1 : 1
}

function shownEffect({ subject, scope, gained, lost, conditional }: PermissionChange, names: ReadonlyMap<string, string>): Effect {
  const kind = subject.startsWith('usr_') ? 'user' : 'team'
  const named: NamedSubject = { kind, id: subject, name: names.get(subject) ?? subject }
  return { subject: named, on: namedScope(scope, names), gained: [...gained], lost: [...lost], conditional }
}

function namedScope({ kind, organizationId, path }: Scope, names: ReadonlyMap<string, string>): NamedScope {
  const [object = null] = path
  return {
    kind,
    organizationId,
    teamId: kind === 'team' ? (object as Id<'team'>) : null,
    resourceId: kind === 'resource' ? (object as Id<'res'>) : null,
    name: names.get(object ?? organizationId ?? '') ?? null,
  }
}

async function namesOf(em: SqlEntityManager, effects: readonly PermissionChange[]): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(effects.flatMap(({ subject, scope }) => [subject, scope.path[0] ?? scope.organizationId ?? '']))
  const some = (prefix: string) => uuidsOf([...ids].filter((id) => id.startsWith(prefix)))
  const rows = await em.execute<{ kind: 'usr' | 'team' | 'org' | 'res'; id: string; name: string | null; type: string | null }[]>(
    `select 'usr' as kind, id::text as id, username as name, null as type from users where id = any(?::uuid[])
      union all select 'team', id::text, name, null from teams where id = any(?::uuid[])
      union all select 'org', id::text, slug, null from organizations where id = any(?::uuid[])
      union all select 'res', id::text, key, type from resources where id = any(?::uuid[])`,
    [some('usr_'), some('team_'), some('org_'), some('res_')],
  )
  return new Map(
    rows.map(({ kind, id, name, type }) => {
      const whole = idOf(kind, id)
      return [whole, type === null ? (name ?? '') : resourceName(type, name, whole)]
    }),
  )
}
