import { userActor, type Calls, type Id } from '@denizen/core'
import { kinds, type ActionName } from '@denizen/core/calls'
import { useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

/** The functions of ANSI INCITS 359-2012 for static and dynamic separation of duty, as those of its other parts in nist.test.ts. */
const world = useWorld()
let organizationId: Id<'org'>
let as: Calls
beforeAll(async () => {
  organizationId = await world().newOrganization()
  as = (await world().asMember(organizationId, 'owner')).as
})

let names = 0
const newName = () => `nist ${++names}`
const newRole = async () => (await as.roles.create({ organizationId, name: newName() })).id
const assign = (userId: Id<'usr'>, roleId: Id<'rol'>) => as.access.assignRole({ userId, roleId, on: { organizationId } })
const newSet = (kind: 'static' | 'dynamic', roleIds: Id<'rol'>[], cardinality = 2) =>
  as.access.createExclusion({ organizationId, name: newName(), kind, roleIds, cardinality })
const setOf = async (roleId: Id<'rol'>) => (await as.access.listExclusions({ organizationId, roleId })).items
const ids = (things: readonly { readonly id: string }[]) => things.map(({ id }) => id)

type Proof = readonly [actions: readonly ActionName[], prove: () => Promise<void>]

/** What is the same of both kinds of sets; the effect of each is proved by what one of its roles does to somebody who has another. */
function separation(kind: 'static' | 'dynamic', prefix: 'Ssd' | 'Dsd', together: (one: Id<'rol'>, two: Id<'rol'>) => Promise<boolean>) {
  const table: Record<string, Proof> = {
    [`Create${prefix}Set`]: [
      ['access.createExclusion'],
      async () => {
        const [one, two] = [await newRole(), await newRole()]
        expect(await together(one, two)).toBe(true)
        const [three, four] = [await newRole(), await newRole()]
        await newSet(kind, [three, four])
        expect(await together(three, four)).toBe(false)
      },
    ],
    [`Add${prefix}RoleMember`]: [
      ['access.updateExclusion'],
      async () => {
        const [one, two, three] = [await newRole(), await newRole(), await newRole()]
        const { id: exclusionId } = await newSet(kind, [one, two])
        await as.access.updateExclusion({ exclusionId, addRoleIds: [three] })
        expect(await together(one, three)).toBe(false)
      },
    ],
    [`Delete${prefix}RoleMember`]: [
      ['access.updateExclusion'],
      async () => {
        const [one, two, three] = [await newRole(), await newRole(), await newRole()]
        const { id: exclusionId } = await newSet(kind, [one, two, three])
        await as.access.updateExclusion({ exclusionId, removeRoleIds: [three] })
        expect(await together(one, three)).toBe(true)
        expect(await together(one, two)).toBe(false)
      },
    ],
    [`Delete${prefix}Set`]: [
      ['access.deleteExclusion'],
      async () => {
        const [one, two] = [await newRole(), await newRole()]
        const { id: exclusionId } = await newSet(kind, [one, two])
        await as.access.deleteExclusion({ exclusionId })
        expect(await together(one, two)).toBe(true)
      },
    ],
    [`Set${prefix}SetCardinality`]: [
      ['access.updateExclusion'],
      async () => {
        const [one, two, three] = [await newRole(), await newRole(), await newRole()]
        const { id: exclusionId } = await newSet(kind, [one, two, three], 3)
        expect(await together(one, two)).toBe(true)
        const [four, five, six] = [await newRole(), await newRole(), await newRole()]
        const { id: other } = await newSet(kind, [four, five, six], 3)
        await as.access.updateExclusion({ exclusionId: other, cardinality: 2 })
        expect(await together(four, five)).toBe(false)
        expect(exclusionId).not.toBe(other)
      },
    ],
    [`${prefix}RoleSets`]: [
      ['access.listExclusions'],
      async () => {
        const { id } = await newSet(kind, [await newRole(), await newRole()])
        expect(ids((await as.access.listExclusions({ organizationId, kind, limit: 100 })).items)).toContain(id)
      },
    ],
    [`${prefix}RoleSetRoles`]: [
      ['access.listExclusions'],
      async () => {
        const roles = [await newRole(), await newRole()]
        await newSet(kind, roles)
        expect(new Set(ids((await setOf(roles[0] ?? 'rol_'))[0]?.roles ?? []))).toEqual(new Set(roles))
      },
    ],
    [`${prefix}RoleSetCardinality`]: [
      ['access.listExclusions'],
      async () => {
        const roles = [await newRole(), await newRole(), await newRole()]
        await newSet(kind, roles, 3)
        expect((await setOf(roles[0] ?? 'rol_'))[0]?.cardinality).toBe(3)
      },
    ],
  }
  return table
}

/** Whether somebody can have both roles. */
async function assignable(one: Id<'rol'>, two: Id<'rol'>): Promise<boolean> {
  const { user } = await world().asMember(organizationId)
  await assign(user.id, one)
  const refusal: unknown = await assign(user.id, two).then(
    () => null,
    (error: unknown) => error,
  )
  if (refusal !== null) expect(refusal).toMatchObject({ code: 'access.excluded' })
  return refusal === null
}

/** Whether somebody who has both roles can use them in one session. */
async function usable(one: Id<'rol'>, two: Id<'rol'>): Promise<boolean> {
  const { user } = await world().asMember(organizationId)
  for (const roleId of [one, two]) await assign(user.id, roleId)
  const { principal } = await world().signIn(user)
  const session = world().core.as(userActor(principal))
  await session.access.activateRole({ roleId: one })
  const refusal: unknown = await session.access.activateRole({ roleId: two }).then(
    () => null,
    (error: unknown) => error,
  )
  if (refusal !== null) expect(refusal).toMatchObject({ code: 'access.tooManyActive' })
  const { items } = await session.access.listActiveRoles({})
  const used = items.flatMap(({ role, state }) => (state === 'active' ? [role.id] : []))
  expect(used).toContain(one)
  expect(used.includes(two)).toBe(refusal === null)
  return refusal === null
}

const parts = {
  'static separation of duty': separation('static', 'Ssd', assignable),
  'dynamic separation of duty': separation('dynamic', 'Dsd', usable),
}

describe.each(Object.entries(parts))('ANSI INCITS 359: %s', (_, table) => {
  test.each(Object.entries(table))('%s', async (_name, [actions, prove]) => {
    expect(actions.filter((action) => !(action in kinds))).toEqual([])
    await prove()
  })
})
