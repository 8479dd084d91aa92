import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Grants } from '../../kernel/grants.ts'
import { idOf, uuidsOf, type Id } from '../../kernel/id.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { coveredBy, permissionsOf } from '../../grants/index.ts'
import type { Scope } from '../places.ts'
import { mostListed, type Effect, type Effects, type NamedPlace, type NamedSubject } from './model.ts'
import { resourceName } from './names.ts'
import { placesOf, type View, type Views } from './views.ts'

/** What somebody gains and loses at a place, by ids. */
interface RawEffect {
  readonly subject: Id<'usr'> | Id<'team'>
  readonly place: Scope
  readonly gained: readonly string[]
  readonly lost: readonly string[]
  readonly conditional: boolean
}

/**
 * Who gains and loses what between two views of the same people, each at the widest place where it is so.
 * @param organizationId null: everywhere; else what is elsewhere is left out
 */
export async function effectsBetween(
  em: SqlEntityManager,
  catalogue: Catalogue,
  { before, after, organizationId }: { readonly before: Views; readonly after: Views; readonly organizationId: Id<'org'> | null },
): Promise<readonly RawEffect[]> {
  const pairs = [...pairsOf(before.teams, after.teams), ...pairsOf(before.users, after.users)]
  const spots = pairs.flatMap(({ was, is }) => [...(was?.places.values() ?? []), ...(is?.places.values() ?? [])])
  const places = await placesOf(
    em,
    spots.filter((spot) => organizationId === null || spot.organizationId === organizationId),
  )
  return pairs.flatMap((pair) => effectsOn(catalogue, pair, places))
}

interface Pair {
  readonly subject: Id<'usr'> | Id<'team'>
  readonly was: View | undefined
  readonly is: View | undefined
}

function pairsOf<Subject extends Id<'usr'> | Id<'team'>>(
  before: ReadonlyMap<Subject, View>,
  after: ReadonlyMap<Subject, View>,
): readonly Pair[] {
  return [...before].map(([subject, was]) => ({ subject, was, is: after.get(subject) }))
}

function effectsOn(catalogue: Catalogue, { subject, was, is }: Pair, places: ReadonlyMap<string, Scope>): RawEffect[] {
  const keys = new Set([...(was?.places.keys() ?? []), ...(is?.places.keys() ?? [])])
  const mine = [...places].filter(([key]) => keys.has(key)).map(([, place]) => place)
  const told: RawEffect[] = []
  for (const conditional of [false, true]) {
    if (conditional && was?.grants === was?.atMost && is?.grants === is?.atMost) continue
    for (const place of mine) {
      const [one, other] = conditional ? [was?.atMost, is?.atMost] : [was?.grants, is?.grants]
      const wider = told.filter((effect) => contains(effect.place, place))
      const gained = news(
        catalogue,
        other,
        one,
        place,
        wider.flatMap((effect) => effect.gained),
      )
      const lost = news(
        catalogue,
        one,
        other,
        place,
        wider.flatMap((effect) => effect.lost),
      )
      if (gained.length + lost.length > 0) told.push({ subject, place, gained, lost, conditional })
    }
  }
  return told
}

/** What one has there that the other has not, but for what was told of a wider place. */
function news(
  catalogue: Catalogue,
  one: Grants | undefined,
  other: Grants | undefined,
  place: Scope,
  told: readonly string[],
): readonly string[] {
  if (one === undefined) return []
  const { organizationId, path } = place
  const known = told.length === 0 ? [] : [permissionsOf(catalogue, told)]
  return one
    .list(organizationId, path)
    .filter((permission) => other?.covers(permission, organizationId, path) !== true && !coveredBy(known, catalogue, permission))
}

/** Whether what is held at a place is held at another one too. */
function contains(wider: Scope, place: Scope): boolean {
  if (wider === place || wider.kind === 'system') return true
  if (wider.kind === 'organization') return wider.organizationId === place.organizationId
  return wider.kind === place.kind && place.path.includes(wider.path[0] ?? '')
}

/** The effects as they are told: counted, and the first of them with names. */
export async function toldEffects(em: SqlEntityManager, effects: readonly RawEffect[]): Promise<Effects> {
  const items = effects.slice(0, mostListed)
  const names = await namesOf(em, items)
  const count = (prefix: string) => new Set(effects.flatMap(({ subject }) => (subject.startsWith(prefix) ? [subject] : []))).size
  return {
    users: count('usr_'),
    teams: count('team_'),
    count: effects.length,
    items: items.map((effect) => shown(effect, names)).toSorted(byName),
  }
}

/** Teams before users, each in order of name; what is told of one stays in its order. */
function byName({ subject: one }: Effect, { subject: other }: Effect): number {
  if (one.kind !== other.kind) return one.kind === 'team' ? -1 : 1
  return one.name === other.name ? 0 : one.name < other.name ? -1 : 1
}

function shown({ subject, place, gained, lost, conditional }: RawEffect, names: ReadonlyMap<string, string>): Effect {
  const kind = subject.startsWith('usr_') ? 'user' : 'team'
  const named: NamedSubject = { kind, id: subject, name: names.get(subject) ?? subject }
  return { subject: named, on: namedPlace(place, names), gained: [...gained], lost: [...lost], conditional }
}

function namedPlace({ kind, organizationId, path }: Scope, names: ReadonlyMap<string, string>): NamedPlace {
  const [object = null] = path
  return {
    kind,
    organizationId,
    teamId: kind === 'team' ? (object as Id<'team'>) : null,
    resourceId: kind === 'resource' ? (object as Id<'res'>) : null,
    name: names.get(object ?? organizationId ?? '') ?? null,
  }
}

async function namesOf(em: SqlEntityManager, effects: readonly RawEffect[]): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(effects.flatMap(({ subject, place }) => [subject, place.path[0] ?? place.organizationId ?? '']))
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
