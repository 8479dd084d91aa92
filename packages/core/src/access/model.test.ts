import fc from 'fast-check'
import { modelOf, storeModel, useWorld, type ModelNumbers, type ModelScope, type ModelWorld, type Span } from '@denizen/core/testing'
import { expect, test } from 'vitest'
import { uuidOf, type Id } from '../kernel/id.ts'
import { systemActor, type InputOf, type Signatures } from '../index.ts'
import type { Grants } from '../kernel/grants.ts'
import { actions } from '../actions.ts'
import { findPlaceAt, loadSubjectsAt } from './explaining/state.ts'
import { findPlace, type Place } from './places.ts'
import { decides, grantsOfSubject, loadSubjects, type SubjectFacts } from './subjects.ts'

/** The minute that it is; ten more are to come, and what was given may begin or end in them. */
const now = 10
const horizon = 20
const world = useWorld()
const catalogue = new Map([...actions.values()].map(({ signature }) => [signature.name, signature.kind]))
const base = () => new Date(world().clock.now().getTime() - now * 60_000)
const timeOf = (minute: number) => new Date(base().getTime() + minute * 60_000)

// The obvious reference: plain lists, gone through one by one. Nothing of ours decides anything in it.

const own: Readonly<Record<string, 'query' | 'command'>> = { 'teams.list': 'query', 'teams.create': 'command', 'users.get': 'query' }
const permissions = [...Object.keys(own), 'document.read', 'document.write', 'paper.read']
const patterns = [...permissions, 'teams.*', 'users.*', 'document.*', 'paper.*', 'application', 'queries', '*']
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

interface Where {
  readonly scope: ModelScope
  readonly organization: Id<'org'> | null
  /** The team; or the resource and all that it is in. */
  readonly things: readonly string[]
}

function whereIs(model: ModelWorld, scope: ModelScope): Where {
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

interface Session {
  readonly factor: boolean
  readonly network: string | null
}

function may(model: ModelWorld, user: Id<'usr'>, permission: string, where: Where, minute: number, session: Session): boolean {
  if (valueAt(model.users.find(({ id }) => id === user)?.states ?? [], minute) !== 'active') return false
  const roleIn = (organization: Id<'org'>) => {
    const isActive = valueAt(model.organizations.find(({ id }) => id === organization)?.states ?? [], minute) === 'active'
    const membership = model.memberships.find((one) => one.user === user && one.organization === organization)
    return isActive ? valueAt(membership?.states ?? [], minute) : undefined
  }
  const isIn = (organization: Id<'org'> | null) => organization === null || roleIn(organization) !== undefined
  if (where.organization !== null && (ofMembers[roleIn(where.organization) ?? ''] ?? []).includes(permission)) return true
  const owned = where.things.some((thing) => valueAt(model.resources.find(({ id }) => id === thing)?.owners ?? [], minute) === user)
  if (owned && isIn(where.organization) && own[permission] === undefined) return true
  return model.assignments.some((given) => {
    const sits = model.seats.some((seat) => seat.user === user && seat.team === given.subject && holds(seat, minute))
    if ((given.subject !== user && !sits) || !holds(given, minute)) return false
    if (given.from > minute || (given.until !== null && given.until <= minute)) return false
    if (given.condition?.assurance === 'aal2' && !session.factor) return false
    if (given.condition?.networks !== undefined && `${session.network}/32` !== given.condition.networks[0]) return false
    if (!isIn(whereIs(model, given.on).organization)) return false
    if (given.on !== null && given.on !== where.organization && !where.things.includes(given.on)) return false
    return given.role === null ? standsFor(given.permission ?? '', permission) : roleGives(model, given.role, permission, minute)
  })
}

// Random worlds: numbers that are made into one.

const number = fc.nat(1000)
const times = fc.tuple(fc.nat(now - 1), fc.nat(2 * now))
const rows = <Row>(row: fc.Arbitrary<Row>, most: number) => fc.array(row, { minLength: most, maxLength: most })
const anyWorld: fc.Arbitrary<ModelNumbers> = fc.record({
  states: rows(fc.tuple(fc.nat(9), fc.nat(now - 1)), 16),
  memberships: rows(fc.tuple(number, times, fc.nat(2), fc.nat(2)), 20),
  seats: rows(fc.tuple(number, number, times), 16),
  roles: rows(fc.tuple(number, rows(fc.tuple(number, times), 3), rows(fc.tuple(number, times), 2)), 9),
  resources: rows(fc.tuple(number, number, number, fc.nat(now - 1)), 14),
  assignments: rows(fc.tuple(number, number, number, times, fc.tuple(fc.nat(horizon), fc.nat(horizon), fc.nat(9))), 60),
})

let decisions = 0
let allowed = 0
const plain: Session = { factor: false, network: null }
const strong: Session = { factor: true, network: '192.0.2.7' }

/** Compares every decision there is in a world with the reference. */
function compareAll(
  model: ModelWorld,
  wheres: readonly Where[],
  minute: number,
  session: Session,
  decide: (user: Id<'usr'>, permission: string, index: number) => boolean,
): void {
  const different: unknown[] = []
  for (const { id: user } of model.users)
    for (const [index, where] of wheres.entries())
      for (const permission of permissions) {
        const expected = may(model, user, permission, where, minute, session)
        decisions++
        if (expected) allowed++
        if (decide(user, permission, index) !== expected) different.push({ user, permission, where, minute, session, expected })
      }
  expect(different).toEqual([])
}

const scopesOf = (model: ModelWorld) => [null, ...model.organizations, ...model.teams, ...model.resources].map((thing) => thing?.id ?? null)
const inputOf = (scope: ModelScope) =>
  scope === null
    ? {}
    : scope.startsWith('org_')
      ? { organizationId: scope as Id<'org'> }
      : scope.startsWith('team_')
        ? { teamId: scope as Id<'team'> }
        : { resourceId: scope as Id<'res'> }

type Ask = (user: Id<'usr'>) => SubjectFacts | undefined

/** By what is loaded of somebody, and the one engine. */
function decider(facts: Ask, places: readonly (Place | null)[], minute: number, { factor, network }: Session) {
  const from = network === null ? null : { ip: network, remote: true as const }
  const inSession = (known: SubjectFacts) => ({ ...known, assurance: factor ? ('aal2' as const) : null })
  const grants = new Map<string, Grants>()
  return (user: Id<'usr'>, permission: string, index: number) => {
    const [known, place] = [facts(user), places[index] ?? null]
    if (known === undefined || place === null) return false
    const held = grants.get(user) ?? grantsOfSubject(catalogue, inSession(known), { now: timeOf(minute), from })
    grants.set(user, held)
    return decides(held, known, permission, place)
  }
}

/** As calls are let through: by the loader and the engine of sessions, in them and without. */
async function decidedNow(model: ModelWorld, wheres: readonly Where[]): Promise<void> {
  const em = world().em()
  const places = []
  for (const { scope } of wheres) places.push(await findPlace(em, inputOf(scope)))
  const subjects = await loadSubjects(
    em,
    model.users.map(({ id }) => ({ userId: id, sessionId: null })),
    timeOf(now),
  )
  const facts: Ask = (user) => subjects.find(({ userId }) => userId === user)
  for (const session of [plain, strong]) compareAll(model, wheres, now, session, decider(facts, places, now, session))
  monotone(subjects, places)
}

/** Whatever somebody is given besides, nothing is taken from them. */
function monotone(subjects: readonly SubjectFacts[], places: readonly (Place | null)[]): void {
  for (const [index, facts] of subjects.entries()) {
    const others = subjects[(index + 1) % subjects.length]?.assignments ?? []
    const isIn = (organization: string | null) =>
      organization === null || facts.memberships.some(({ organizationId }) => uuidOf(organizationId) === organization)
    const richer = { ...facts, assignments: [...facts.assignments, ...others.filter(({ organization }) => isIn(organization))] }
    const [before, after] = [facts, richer].map((one) => decider(() => one, places, now, strong))
    for (const at of places.keys())
      for (const permission of permissions)
        if (before?.(facts.userId, permission, at) === true) expect(after?.(facts.userId, permission, at)).toBe(true)
  }
}

/** Through the action that asks many questions at once. */
async function askedMany(model: ModelWorld, wheres: readonly Where[]): Promise<void> {
  const answers = new Map<string, boolean>()
  const checks = wheres.flatMap(({ scope }) => permissions.map((permission) => ({ permission, on: inputOf(scope) })))
  for (const { id } of model.users) {
    const { allowed: told } = await world().asSystem().access.checkMany({ userId: id, checks })
    for (const [index, answer] of told.entries()) answers.set(`${id} ${index}`, answer)
  }
  compareAll(
    model,
    wheres,
    now,
    plain,
    (user, permission, index) => answers.get(`${user} ${index * permissions.length + permissions.indexOf(permission)}`) === true,
  )
}

/** Out of the history. */
async function decidedThen(model: ModelWorld, wheres: readonly Where[], minute: number): Promise<void> {
  const em = world().em()
  const places = []
  for (const { scope } of wheres) places.push(await findPlaceAt(em, inputOf(scope), timeOf(minute)))
  const subjects = await loadSubjectsAt(
    em,
    model.users.map(({ id }) => id),
    timeOf(minute),
  )
  const facts: Ask = (user) => subjects.find(({ userId }) => userId === user)
  compareAll(model, wheres, minute, plain, decider(facts, places, minute, plain))
  const { user, scope } = { user: model.users[minute % 10]?.id, scope: wheres[minute]?.scope ?? null }
  if (user === undefined) return
  for (const permission of permissions) {
    const told = await world()
      .asSystem()
      .access.at({ time: timeOf(minute), userId: user, permission, on: inputOf(scope) })
    expect(told.allowed).toBe(may(model, user, permission, whereIs(model, scope), minute, plain))
  }
}

/** By an installation of its own: what was decided before does not know what is given past every rule. */
async function checked(asked: InputOf<Signatures['access']['check']>): Promise<boolean> {
  return (await world().another({}).as(systemActor('test')).access.check(asked)).allowed
}

/** An explanation and a check are one; an allow has a reason; and what is said to be missing is. */
async function explained(model: ModelWorld, wheres: readonly Where[], numbers: readonly number[]): Promise<void> {
  const { access } = world().asSystem()
  for (const index of numbers.slice(0, 5)) {
    const [user, where] = [model.users[index % 10]?.id, wheres[index % wheres.length]]
    const permission = permissions[index % permissions.length]
    if (user === undefined || where === undefined || permission === undefined) continue
    const asked = { userId: user, permission, on: inputOf(where.scope) }
    const { allowed: isAllowed, because, missing, unmet } = await access.explain(asked)
    expect(isAllowed).toBe(await checked(asked))
    expect(because.length > 0).toBe(isAllowed)
    explanations[isAllowed ? 'allowed' : 'denied']++
    const [smallest] = missing
    if (isAllowed) continue
    if (smallest === undefined) {
      expect(unmet).toContainEqual(
        expect.objectContaining({ code: expect.stringMatching(/userStatus|frozen|organizationStatus/) as string }),
      )
      continue
    }
    if (smallest.membership !== null)
      await world().rows(join, [uuidOf(smallest.membership.organizationId), uuidOf(user), smallest.membership.role, base()])
    if (typeof smallest.grant?.permission === 'string')
      await world().access.give({
        userId: user,
        permission: smallest.grant.permission,
        ...(where.scope !== null && { on: asked.on as { organizationId: Id<'org'> } }),
      })
    expect(await checked(asked)).toBe(true)
  }
}

const join = `insert into memberships (id, organization_id, user_id, role, created_at) values (gen_random_uuid(), ?, ?, ?, ?)
  on conflict (user_id, organization_id) do update set role = excluded.role returning 1`
const explanations = { allowed: 0, denied: 0 }

async function compareWorld(numbers: ModelNumbers): Promise<void> {
  const model = modelOf(numbers, { now, patterns })
  await storeModel(world().em(), model, base())
  const wheres = scopesOf(model).map((scope) => whereIs(model, scope))
  await decidedNow(model, wheres)
  await askedMany(model, wheres)
  const [one = 0, other = 0] = numbers.states.map(([, minute]) => minute)
  for (const minute of [one, horizon - other]) await decidedThen(model, wheres, minute)
  await explained(
    model,
    wheres,
    numbers.memberships.map(([who]) => who),
  )
}

test(
  '100 000 decisions are those of the obvious reference: now, in sessions, through actions, and at other times',
  { timeout: 180_000 },
  async () => {
    const seed = crypto.getRandomValues(new Int32Array(1))[0] ?? 0
    await fc.assert(fc.asyncProperty(anyWorld, compareWorld), { seed, numRuns: 18, endOnFailure: true })
    console.info(`seed ${seed}: ${decisions} decisions, ${allowed} of them yes; ${explanations.allowed + explanations.denied} explanations`)
    expect(decisions).toBeGreaterThanOrEqual(100_000)
    // Neither answer is a rarity.
    expect(allowed / decisions).toBeGreaterThan(0.08)
    expect(allowed / decisions).toBeLessThan(0.9)
    expect(Math.min(explanations.allowed, explanations.denied)).toBeGreaterThan(3)
  },
)
