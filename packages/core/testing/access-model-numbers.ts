import { newId as makeId, type Id } from '@denizen/core'
import type { ModelWorld, Span } from './access-model-reference.ts'

/** A minute from which on, and for how long. */
type Times = readonly [begin: number, length: number]

/** What a random world is made of. */
export interface ModelNumbers {
  readonly states: readonly (readonly [kind: number, minute: number])[]
  readonly memberships: readonly (readonly [who: number, times: Times, role: number, later: number])[]
  readonly seats: readonly (readonly [who: number, team: number, times: Times])[]
  readonly roles: readonly (readonly [
    home: number,
    permissions: readonly (readonly [number, Times])[],
    includes: readonly (readonly [number, Times])[],
  ])[]
  readonly exclusions: readonly (readonly [home: number, roles: readonly number[], cardinality: number, minute: number])[]
  readonly sessions: readonly (readonly [activated: readonly number[], dropped: readonly number[]])[]
  readonly resources: readonly (readonly [home: number, inside: number, owner: number, minute: number])[]
  readonly assignments: readonly (readonly [
    who: number,
    what: number,
    where: number,
    times: Times,
    window: readonly [from: number, length: number, kind: number],
  ])[]
}

const newId = <Prefix extends string>(prefix: Prefix): Id<Prefix> => makeId(prefix, new Date(), crypto.getRandomValues(new Uint8Array(10)))
const at = <Item>(items: readonly Item[], index: number): Item => {
  const item = items[index % items.length]
  if (item === undefined) throw new Error('there is nothing to choose from')
  return item
}
/** One state until a minute, and another from then on. */
const changing = <Value>(first: Value, second: Value, begin: number, minute: number) =>
  minute <= begin
    ? [{ value: second, begin, end: null }]
    : [
        { value: first, begin, end: minute },
        { value: second, begin: minute, end: null },
      ]
const unique = <Item>(items: readonly Item[], keyOf: (item: Item) => string) => [
  ...new Map(items.map((item) => [keyOf(item), item])).values(),
]

/** Makes a world of numbers: whatever they are, what comes of them is one that can be. */
export function modelOf(raw: ModelNumbers, { now, patterns }: { readonly now: number; readonly patterns: readonly string[] }): ModelWorld {
  /** Most of what there is lasts. */
  const spanOf = ([begin, length]: Times): Span => ({ begin, end: begin + length + 1 > now ? null : begin + length + 1 })
  const ids = { org: [1, 2, 3].map(() => newId('org')), usr: Array.from({ length: 10 }, () => newId('usr')) }
  const bad = (kind: number, one: string, other: string) =>
    (kind < 6 ? ['active', 'active'] : kind < 8 ? [one, 'active'] : ['active', other]) as [string, string]
  const statesOf = (index: number, one: string, other: string) => {
    const [kind, minute] = at(raw.states, index)
    return changing(...bad(kind, one, other), 0, minute)
  }
  const memberships = unique(
    raw.memberships.map(([who, times, one, other]) => {
      const { begin, end } = spanOf(times)
      const roles = ['member', 'admin', 'owner']
      const middle = begin + 1 + (who % 3)
      const split = middle < (end ?? now) && one !== other
      const states = split
        ? [
            { value: at(roles, one), begin, end: middle },
            { value: at(roles, other), begin: middle, end },
          ]
        : [{ value: at(roles, one), begin, end }]
      return { user: at(ids.usr, who), organization: at(ids.org, Math.floor(who / 10)), states }
    }),
    ({ user, organization }) => user + organization,
  )
  const teams = Array.from({ length: 5 }, (_, index) => ({ id: newId('team'), organization: at(ids.org, index) }))
  const seats = unique(
    raw.seats.flatMap(([who, which, times]) => {
      const team = at(teams, which)
      const members = memberships.filter(({ organization }) => organization === team.organization)
      if (members.length === 0) return []
      const { user, states } = at(members, who)
      const [span, ends] = [spanOf(times), states.at(-1)?.end ?? null]
      const begin = Math.max(span.begin, states[0]?.begin ?? 0)
      const end = ends === null ? span.end : Math.min(span.end ?? ends, ends)
      return end !== null && end <= begin ? [] : [{ user, team: team.id, begin, end }]
    }),
    ({ user, team }) => user + team,
  )
  const roles: ModelWorld['roles'][number][] = []
  for (const [home, given, included] of raw.roles) {
    const organization = home % 2 === 0 ? null : at(ids.org, home)
    const near = roles.filter((role) => role.organization === null || role.organization === organization)
    roles.push({
      id: newId('rol'),
      organization,
      permissions: unique(
        given.map(([which, times]) => ({ pattern: at(patterns, which), ...spanOf(times) })),
        ({ pattern }) => pattern,
      ),
      includes:
        near.length === 0
          ? []
          : unique(
              included.map(([which, times]) => ({ role: at(near, which).id, ...spanOf(times) })),
              ({ role }) => role,
            ),
    })
  }
  const resources: ModelWorld['resources'][number][] = []
  for (const [home, inside, who, minute] of raw.resources) {
    const organization = home % 4 === 0 ? null : at(ids.org, home)
    const near = resources.filter((resource) => resource.organization === organization)
    const [one, other] = [at(ids.usr, who), at(ids.usr, who + inside)]
    const owners =
      organization === null
        ? changing<Id<'usr'> | null>(one, other, 0, minute)
        : changing(inside % 3 === 0 ? null : one, who % 3 === 0 ? null : other, 0, minute)
    resources.push({ id: newId('res'), organization, parent: near.length === 0 || inside % 4 === 0 ? null : at(near, inside).id, owners })
  }
  const half = {
    organizations: ids.org.map((id, index) => ({ id, states: statesOf(index, 'suspended', 'suspended') })),
    users: ids.usr.map((id, index) => ({ id, states: statesOf(index + 3, 'suspended', 'active frozen') })),
  }
  const exclusions = raw.exclusions.flatMap(([home, which, most, begin]): ModelWorld['exclusions'] => {
    const organization = home % 2 === 0 ? null : at(ids.org, home)
    const able = roles.filter((role) => role.organization === null || role.organization === organization)
    const members = able.length === 0 ? [] : [...new Set(which.map((index) => at(able, index).id))]
    return members.length < 2
      ? []
      : [{ id: newId('exc'), organization, roles: members, cardinality: 2 + (most % (members.length - 1)), begin }]
  })
  const sessions = ids.usr.map((user, index) => {
    const [activated, dropped] = at(raw.sessions, index).map((some) => (roles.length === 0 ? [] : some.map((which) => at(roles, which).id)))
    return { id: newId('ses'), user, activated: activated ?? [], dropped: dropped ?? [] }
  })
  const shell: ModelWorld = { ...half, memberships, teams, seats, roles, exclusions, sessions, resources, assignments: [] }
  const isExclusive = (id: Id<'rol'>): boolean =>
    exclusions.some((set) => set.roles.includes(id)) ||
    (roles.find((role) => role.id === id)?.includes.some(({ role }) => isExclusive(role)) ?? false)
  const scopes = [null, ...ids.org, ...teams.map(({ id }) => id), ...resources.map(({ id }) => id)]
  const assignments = raw.assignments.flatMap(([who, what, where, times, [from, length, kind]]): ModelWorld['assignments'] => {
    const on = at(scopes, where)
    const organization =
      [...shell.teams, ...shell.resources].find(({ id }) => id === on)?.organization ??
      (on?.startsWith('org_') === true ? (on as Id<'org'>) : null)
    const team = at(teams, who)
    const byTeam = who % 3 === 0 && on !== null && (organization === null || organization === team.organization)
    const able = roles.filter((role) => role.organization === null || role.organization === organization)
    const role = what % 3 === 0 || able.length === 0 ? null : at(able, what).id
    const until = length < now ? null : from + length - now
    const condition =
      kind === 0 ? { assurance: 'aal2' as const } : kind === 1 ? { networks: [at(['192.0.2.7/32', '198.51.100.7/32'], who)] } : null
    const subject = byTeam ? team.id : at(ids.usr, who)
    // Roles that exclude each other in sessions are never held on resources.
    if (role !== null && on?.startsWith('res_') === true && isExclusive(role)) return []
    return [
      {
        id: newId('asg'),
        subject,
        role,
        permission: role === null ? at(patterns, what) : null,
        on,
        ...spanOf(times),
        from: from % 3 === 0 ? from : 0,
        until: until !== null && from % 3 !== 0 ? until + 1 : until,
        condition,
      },
    ]
  })
  return { ...shell, assignments: unique(assignments, ({ subject, role, permission, on }) => [subject, role, permission, on].join()) }
}
