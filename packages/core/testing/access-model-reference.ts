import type { Id } from '@denizen/core'

/** From one minute on, and until another (null: still). */
export interface Span {
  readonly begin: number
  readonly end: number | null
}

/** What is chosen of the roles that somebody has. */
interface Chosen {
  readonly activated: readonly Id<'rol'>[]
  readonly dropped: readonly Id<'rol'>[]
}

/** Where something is given: everywhere, or on one of these. */
export type ModelScope = Id<'org' | 'team' | 'res'> | null

/** Who is in what and has what when, as plain lists. */
export interface ModelWorld {
  /** States follow each other without a gap. */
  readonly organizations: readonly { readonly id: Id<'org'>; readonly states: readonly (Span & { readonly value: string })[] }[]
  readonly users: readonly { readonly id: Id<'usr'>; readonly states: readonly (Span & { readonly value: string })[] }[]
  readonly memberships: readonly {
    readonly user: Id<'usr'>
    readonly organization: Id<'org'>
    readonly states: readonly (Span & { readonly value: string })[]
  }[]
  readonly teams: readonly { readonly id: Id<'team'>; readonly organization: Id<'org'> }[]
  readonly seats: readonly (Span & { readonly user: Id<'usr'>; readonly team: Id<'team'> })[]
  readonly roles: readonly {
    readonly id: Id<'rol'>
    readonly organization: Id<'org'> | null
    readonly permissions: readonly (Span & { readonly pattern: string })[]
    readonly includes: readonly (Span & { readonly role: Id<'rol'> })[]
  }[]
  /** Of so many of these roles none is used, until a session chooses. An organization's counts what is held there; the installation's all. */
  readonly exclusions: readonly {
    readonly id: Id<'exc'>
    readonly organization: Id<'org'> | null
    readonly roles: readonly Id<'rol'>[]
    readonly cardinality: number
    readonly begin: number
  }[]
  /** Everybody's one, with a second factor, and what they chose in it. */
  readonly sessions: readonly (Chosen & { readonly id: Id<'ses'>; readonly user: Id<'usr'> })[]
  readonly resources: readonly {
    readonly id: Id<'res'>
    readonly organization: Id<'org'> | null
    readonly parent: Id<'res'> | null
    /** null: the organization owns it. */
    readonly owners: readonly (Span & { readonly value: Id<'usr'> | null })[]
  }[]
  readonly assignments: readonly (Span & {
    readonly id: Id<'asg'>
    readonly subject: Id<'usr' | 'team'>
    readonly role: Id<'rol'> | null
    readonly permission: string | null
    readonly on: ModelScope
    readonly from: number
    readonly until: number | null
    readonly condition: { readonly assurance?: 'aal2'; readonly networks?: readonly string[] } | null
  })[]
}

// The obvious reference: plain lists, gone through one by one. Nothing of ours decides anything in it.

const own: Readonly<Record<string, 'query' | 'command'>> = { 'teams.list': 'query', 'teams.create': 'command', 'users.get': 'query' }
export const modelPermissions = [...Object.keys(own), 'document.read', 'document.write', 'paper.read']
export const modelPatterns = [...modelPermissions, 'teams.*', 'users.*', 'document.*', 'paper.*', 'application', 'queries', '*']
const ofMembers: Readonly<Record<string, readonly string[]>> = {
  member: ['teams.list'],
  admin: ['teams.list', 'teams.create', 'users.get', 'document.read', 'document.write', 'paper.read'],
  owner: ['teams.list', 'teams.create', 'users.get', 'document.read', 'document.write', 'paper.read'],
}

function standsFor(pattern: string, permission: string): boolean {
  if (pattern === '*' || pattern === permission) return true
  if (pattern === 'queries') return own[permission] === 'query'
  if (pattern === 'application') return own[permission] === undefined
  return pattern.endsWith('.*') && permission.startsWith(pattern.slice(0, -1))
}

const holds = ({ begin, end }: Span, minute: number) => begin <= minute && (end === null || end > minute)
const valueAt = <Value>(states: readonly (Span & { readonly value: Value })[], minute: number) =>
  states.find((state) => holds(state, minute))?.value

/** A place, with what it is in. */
export interface Where {
  readonly scope: ModelScope
  readonly organization: Id<'org'> | null
  /** The team; or the resource and all that it is in. */
  readonly things: readonly string[]
}

export function whereIs(model: ModelWorld, scope: ModelScope): Where {
  const team = model.teams.find(({ id }) => id === scope)
  if (team !== undefined) return { scope, organization: team.organization, things: [team.id] }
  const resource = model.resources.find(({ id }) => id === scope)
  if (resource === undefined) return { scope, organization: scope as Id<'org'> | null, things: [] }
  const outside = resource.parent === null ? [] : whereIs(model, resource.parent).things
  return { scope, organization: resource.organization, things: [resource.id, ...outside] }
}

function roleGives(model: ModelWorld, id: string, permission: string, minute: number): boolean {
  const role = model.roles.find((one) => one.id === id)
  if (role === undefined) return false
  if (role.permissions.some((given) => holds(given, minute) && standsFor(given.pattern, permission))) return true
  return role.includes.some((included) => holds(included, minute) && roleGives(model, included.role, permission, minute))
}

/** Whether somebody who has a role has the other one by it. */
function reaches(model: ModelWorld, id: string, other: string, minute: number): boolean {
  if (id === other) return true
  const role = model.roles.find((one) => one.id === id)
  return role?.includes.some((included) => holds(included, minute) && reaches(model, included.role, other, minute)) ?? false
}

/** How somebody asks. */
export interface ModelSession extends Chosen {
  readonly factor: boolean
  readonly network: string | null
}

/** Who asks, when, and how. */
export interface Asking {
  readonly user: Id<'usr'>
  readonly minute: number
  readonly session: ModelSession
}

type Given = ModelWorld['assignments'][number]

/** What somebody is there, if it counts. */
function roleIn(model: ModelWorld, { user, minute }: Asking, organization: Id<'org'>): string | undefined {
  const isActive = valueAt(model.organizations.find(({ id }) => id === organization)?.states ?? [], minute) === 'active'
  const membership = model.memberships.find((one) => one.user === user && one.organization === organization)
  return isActive ? valueAt(membership?.states ?? [], minute) : undefined
}

function isIn(model: ModelWorld, asking: Asking, organization: Id<'org'> | null): boolean {
  return organization === null || roleIn(model, asking, organization) !== undefined
}

/** What somebody has that has begun and is not over, and that is not laid down; from some networks only, perhaps. */
function held(model: ModelWorld, asking: Asking): readonly Given[] {
  const { user, minute, session } = asking
  return model.assignments.filter((given) => {
    const sits = model.seats.some((seat) => seat.user === user && seat.team === given.subject && holds(seat, minute))
    if ((given.subject !== user && !sits) || !holds(given, minute)) return false
    if (given.from > minute || (given.until !== null && given.until <= minute)) return false
    if (given.condition?.assurance === 'aal2' && !session.factor) return false
    if (given.role !== null && session.dropped.includes(given.role)) return false
    return isIn(model, asking, whereIs(model, given.on).organization)
  })
}

/** Of this, what is used: of roles that exclude each other nothing is but what was chosen, and of too many that were chosen nothing either. */
export function used(model: ModelWorld, asking: Asking): readonly Given[] {
  const { minute, session } = asking
  const all = held(model, asking)
  const chosen = all.filter(({ role }) => role !== null && session.activated.includes(role))
  const breaks = (some: readonly Given[], { organization, roles, cardinality }: ModelWorld['exclusions'][number], most = cardinality) => {
    const counted = some.filter(({ on }) => organization === null || whereIs(model, on).organization === organization)
    return roles.filter((one) => counted.some(({ role }) => role !== null && reaches(model, role, one, minute))).length >= most
  }
  const contested = model.exclusions.filter((set) => set.begin <= minute && breaks(all, set))
  return all.filter((given) => {
    if (given.condition?.networks !== undefined && `${session.network}/32` !== given.condition.networks[0]) return false
    const sets = contested.filter((set) => breaks([given], set, 1))
    return sets.length === 0 || (chosen.includes(given) && !sets.some((set) => breaks(chosen, set)))
  })
}

/** Whether somebody may do something somewhere; `using` is what they use. */
export function may(model: ModelWorld, asking: Asking, using: readonly Given[], permission: string, where: Where): boolean {
  const { user, minute } = asking
  if (valueAt(model.users.find(({ id }) => id === user)?.states ?? [], minute) !== 'active') return false
  const role = where.organization === null ? undefined : roleIn(model, asking, where.organization)
  if ((ofMembers[role ?? ''] ?? []).includes(permission)) return true
  const owned = where.things.some((thing) => valueAt(model.resources.find(({ id }) => id === thing)?.owners ?? [], minute) === user)
  if (owned && isIn(model, asking, where.organization) && own[permission] === undefined) return true
  return using.some((given) => {
    if (given.on !== null && given.on !== where.organization && !where.things.includes(given.on)) return false
    return given.role === null ? standsFor(given.permission ?? '', permission) : roleGives(model, given.role, permission, minute)
  })
}

/** Whether a role cannot be deleted: others include it, or a set would be left with too few. */
export function isNeeded({ roles, exclusions }: ModelWorld, id: Id<'rol'>): boolean {
  return (
    roles.some(({ includes }) => includes.some(({ role, end }) => role === id && end === null)) ||
    exclusions.some((set) => set.roles.includes(id) && set.roles.length <= set.cardinality)
  )
}

/** The world after a role was deleted: what it was ends there. */
export function withoutRole(model: ModelWorld, id: Id<'rol'>, minute: number): ModelWorld {
  const ended = <Item extends Span>(items: readonly Item[]) => items.map((item) => (item.end === null ? { ...item, end: minute } : item))
  return {
    ...model,
    roles: model.roles.map((role) =>
      role.id === id ? { ...role, permissions: ended(role.permissions), includes: ended(role.includes) } : role,
    ),
    assignments: model.assignments.flatMap((given) => (given.role === id ? ended([given]) : [given])),
    exclusions: model.exclusions.map((set) => ({ ...set, roles: set.roles.filter((role) => role !== id) })),
  }
}
