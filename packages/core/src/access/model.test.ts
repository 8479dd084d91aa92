import fc from 'fast-check'
import {
  catalogue,
  isNeeded,
  may,
  modelOf,
  modelPatterns as patterns,
  modelPermissions as permissions,
  runs,
  storeModel,
  used,
  useWorld,
  whereIs,
  withoutRole,
  type Asking,
  type ModelNumbers,
  type ModelScope,
  type ModelSession,
  type ModelWorld,
  type Where,
} from '@denizen/core/testing'
import { expect, test } from 'vitest'
import { uuidOf, type Id } from '../kernel/id.ts'
import { systemActor, type InputOf, type Signatures } from '../index.ts'
import type { Grants } from '../kernel/grants.ts'
import { findScopeAt, loadSubjectsAt } from './history/state.ts'
import { findScope, type Scope } from './scopes.ts'
import { isAllowedAt, grantsOfSubject, loadSubjects, type SubjectFacts } from './subjects.ts'

/** The minute that it is; ten more are to come, and what was given may begin or end in them. */
const now = 10
const horizon = 20
const world = useWorld()
const base = () => new Date(world().clock.now().getTime() - now * 60_000)
const timeOf = (minute: number) => new Date(base().getTime() + minute * 60_000)

// Random worlds: numbers that are made into one.

const number = fc.nat(1000)
const times = fc.tuple(fc.nat(now - 1), fc.nat(2 * now))
const rows = <Row>(row: fc.Arbitrary<Row>, most: number) => fc.array(row, { minLength: most, maxLength: most })
const anyWorld: fc.Arbitrary<ModelNumbers> = fc.record({
  states: rows(fc.tuple(fc.nat(9), fc.nat(now - 1)), 16),
  memberships: rows(fc.tuple(number, times, fc.nat(2), fc.nat(2)), 20),
  seats: rows(fc.tuple(number, number, times), 16),
  roles: rows(fc.tuple(number, rows(fc.tuple(number, times), 3), rows(fc.tuple(number, times), 2)), 9),
  exclusions: rows(fc.tuple(number, rows(number, 3), number, fc.nat(now - 1)), 3),
  sessions: rows(fc.tuple(rows(number, 6), rows(number, 1)), 10),
  resources: rows(fc.tuple(number, number, number, fc.nat(now - 1)), 14),
  assignments: rows(fc.tuple(number, number, number, times, fc.tuple(fc.nat(horizon), fc.nat(horizon), fc.nat(9))), 60),
})

let decisions = 0
let allowed = 0
/** Users some of whose roles excluded each other when they were decided about. */
let contested = 0
type SessionOf = (user: Id<'usr'>) => ModelSession
const plain: SessionOf = () => ({ factor: false, network: null, activated: [], dropped: [] })
/** In the session that everybody has, from one of two addresses or from nowhere. */
const inSession =
  ({ sessions }: ModelWorld, network: string | null): SessionOf =>
  (user) => {
    const { activated = [], dropped = [] } = sessions.find((session) => session.user === user) ?? {}
    return { factor: true, network, activated, dropped }
  }

/** Compares every decision there is in a world with the reference. */
function compareAll(
  model: ModelWorld,
  wheres: readonly Where[],
  { minute, sessionOf }: { readonly minute: number; readonly sessionOf: SessionOf },
  decide: (user: Id<'usr'>, permission: string, index: number) => boolean,
): void {
  const different: unknown[] = []
  for (const { id: user } of model.users) {
    const asking: Asking = { user, minute, session: sessionOf(user) }
    const using = used(model, asking)
    if (used({ ...model, exclusions: [] }, asking).length > using.length) contested++
    for (const [index, where] of wheres.entries())
      for (const permission of permissions) {
        const expected = may(model, asking, using, permission, where)
        decisions++
        if (expected) allowed++
        if (decide(user, permission, index) !== expected) different.push({ ...asking, permission, where, expected })
      }
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
function decider(facts: Ask, places: readonly (Scope | null)[], minute: number, network: string | null) {
  const from = network === null ? null : { ip: network, remote: true as const }
  const grants = new Map<string, Grants>()
  return (user: Id<'usr'>, permission: string, index: number) => {
    const [known, place] = [facts(user), places[index] ?? null]
    if (known === undefined || place === null) return false
    const held = grants.get(user) ?? grantsOfSubject(catalogue, known, { now: timeOf(minute), from })
    grants.set(user, held)
    return isAllowedAt(held, known, permission, place)
  }
}

/** As calls are let through: by the loader and the engine of sessions, in them and without. */
async function decidedNow(model: ModelWorld, wheres: readonly Where[]): Promise<void> {
  const em = world().em()
  const places: (Scope | null)[] = []
  for (const { scope } of wheres) places.push(await findScope(em, inputOf(scope)))
  for (const network of [null, '192.0.2.7']) {
    const keys =
      network === null
        ? model.users.map(({ id }) => ({ userId: id, sessionId: null }))
        : model.sessions.map(({ id, user }) => ({ userId: user, sessionId: id }))
    const subjects = await loadSubjects(em, keys, timeOf(now))
    const facts: Ask = (user) => subjects.find(({ userId }) => userId === user)
    compareAll(
      model,
      wheres,
      { minute: now, sessionOf: network === null ? plain : inSession(model, network) },
      decider(facts, places, now, network),
    )
    if (network !== null) monotone(subjects, places)
  }
}

/** Whatever somebody is given besides that excludes nothing, nothing is taken from them. */
function monotone(subjects: readonly SubjectFacts[], places: readonly (Scope | null)[]): void {
  for (const [index, facts] of subjects.entries()) {
    const others = subjects[(index + 1) % subjects.length]?.assignments ?? []
    const isIn = (organization: string | null) =>
      organization === null || facts.memberships.some(({ organizationId }) => uuidOf(organizationId) === organization)
    const given = others.filter(({ organization, exclusions }) => isIn(organization) && exclusions === null)
    const richer = { ...facts, assignments: [...facts.assignments, ...given] }
    const [before, after] = [facts, richer].map((one) => decider(() => one, places, now, '192.0.2.7'))
    for (const at of places.keys())
      for (const permission of permissions)
        if (before?.(facts.userId, permission, at) === true) expect(after?.(facts.userId, permission, at)).toBe(true)
  }
}

/** Through the action that asks many questions at once, about some in their session. */
async function askedMany(model: ModelWorld, wheres: readonly Where[]): Promise<void> {
  const answers = new Map<string, boolean>()
  const checks = wheres.flatMap(({ scope }) => permissions.map((permission) => ({ permission, on: inputOf(scope) })))
  const asked = new Map(model.sessions.filter((_, index) => index % 2 === 0).map(({ id, user }) => [user, id]))
  for (const { id } of model.users) {
    const sessionId = asked.get(id)
    const { allowed: told } = await world()
      .asSystem()
      .access.checkMany({ userId: id, checks, ...(sessionId !== undefined && { sessionId }) })
    for (const [index, answer] of told.entries()) answers.set(`${id} ${index}`, answer)
  }
  const sessionOf: SessionOf = (user) => (asked.has(user) ? inSession(model, null)(user) : plain(user))
  compareAll(
    model,
    wheres,
    { minute: now, sessionOf },
    (user, permission, index) => answers.get(`${user} ${index * permissions.length + permissions.indexOf(permission)}`) === true,
  )
}

/** Out of the history. */
async function decidedThen(model: ModelWorld, wheres: readonly Where[], minute: number): Promise<void> {
  const em = world().em()
  const places: (Scope | null)[] = []
  for (const { scope } of wheres) places.push(await findScopeAt(em, inputOf(scope), timeOf(minute)))
  const subjects = await loadSubjectsAt(
    em,
    model.users.map(({ id }) => id),
    timeOf(minute),
  )
  const facts: Ask = (user) => subjects.find(({ userId }) => userId === user)
  compareAll(model, wheres, { minute, sessionOf: plain }, decider(facts, places, minute, null))
  const { user, scope } = { user: model.users[minute % 10]?.id, scope: wheres[minute]?.scope ?? null }
  if (user === undefined) return
  const asking = { user, minute, session: plain(user) }
  for (const permission of permissions) {
    const told = await world()
      .asSystem()
      .access.at({ time: timeOf(minute), userId: user, permission, on: inputOf(scope) })
    expect(told.allowed).toBe(may(model, asking, used(model, asking), permission, whereIs(model, scope)))
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
    if (smallest.ends !== null) await world().rows(end, [base(), uuidOf(smallest.ends)])
    if (smallest.membership !== null)
      await world().rows(join, [uuidOf(smallest.membership.organizationId), uuidOf(user), smallest.membership.role, base()])
    if (typeof smallest.grant?.permission === 'string') {
      // One that has expired is ended by `access.grantPermission` itself.
      await world().rows(endExpired, [uuidOf(user), permission, world().clock.now()])
      const on = where.scope === null ? {} : { on: asked.on as { organizationId: Id<'org'> } }
      await world().access.give({ userId: user, permission: smallest.grant.permission, ...on })
    }
    expect(await checked(asked)).toBe(true)
  }
}

const join = `insert into memberships (id, organization_id, user_id, role, created_at) values (gen_random_uuid(), ?, ?, ?, ?)
  on conflict (user_id, organization_id) do update set role = excluded.role returning 1`
const end = 'update role_assignments set revoked_at = ? where id = ? returning 1'
const endExpired =
  'update role_assignments set revoked_at = valid_until where user_id = ? and permission = ? and revoked_at is null and valid_until <= ? returning 1'
const explanations = { allowed: 0, denied: 0 }

/** Deletes some of the roles by the action: what is still needed stays, with all that it is. */
async function deleted(model: ModelWorld): Promise<ModelWorld> {
  let after = model
  for (const { id, organization } of model.roles.filter((_, index) => index % 4 === 0)) {
    const lasting = model.organizations.find((one) => one.id === organization)?.states.find(({ end }) => end === null)
    const code = await world()
      .asSystem()
      .roles.delete({ roleId: id })
      .then(
        () => 'deleted',
        (error: { code: string }) => error.code,
      )
    if (lasting?.value === 'suspended') expect(code).toBe('organizations.inactive')
    else if (isNeeded(after, id)) expect(code).toMatch(/^roles\.(included|excluded)$/)
    else {
      expect(code).toBe('deleted')
      after = withoutRole(after, id, now)
      rolesDeleted++
    }
  }
  return after
}
let rolesDeleted = 0

async function compareWorld(numbers: ModelNumbers): Promise<void> {
  const before = modelOf(numbers, { now, patterns })
  await storeModel(world().em(), before, base())
  const wheres = scopesOf(before).map((scope) => whereIs(before, scope))
  await askedMany(before, wheres)
  const model = await deleted(before)
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

/** Neither answer is a rarity, and nothing of what roles do to each other. */
function isVaried(): boolean {
  const share = allowed / decisions
  const fewest = Math.min(explanations.allowed, explanations.denied, rolesDeleted, contested)
  return share > 0.08 && share < 0.9 && fewest > 3
}

test('20 000 decisions are those of the obvious reference: now, in sessions, through actions, and at other times', async () => {
  const compare = (numRuns: number) => fc.assert(fc.asyncProperty(anyWorld, compareWorld), { numRuns, endOnFailure: true })
  await compare(runs(4))
  expect(decisions).toBeGreaterThanOrEqual(runs(20_000))
  // So few worlds may happen to be alike: then there are more of them.
  for (let more = 0; more < 10 && !isVaried(); more++) await compare(4)
  console.info(
    `${decisions} decisions, ${allowed} of them yes; ${explanations.allowed + explanations.denied} explanations; ${rolesDeleted} roles deleted, ${contested} times roles excluded each other`,
  )
  expect(isVaried()).toBe(true)
})
