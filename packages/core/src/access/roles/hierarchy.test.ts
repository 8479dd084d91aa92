import type { Id } from '@denizen/core'
import { databases, runs, type SignedInUser, useWorld } from '@denizen/core/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { builtInRoles } from '../../grants/index.ts'
import { idOf, newId, uuidOf } from '../../kernel/id.ts'
import { cycleOf, levelsThrough } from './hierarchy.ts'

type RoleId = Id<'rol'>

const roles = Array.from({ length: 8 }, (_, index) => newId('rol', new Date(0), new Uint8Array(10).fill(index)))
const roleAt = (index: number): RoleId => roles[index] ?? 'rol_'

/** All that can be reached from a role: as plain as it can be said. */
function reachable(inclusions: ReadonlyMap<RoleId, readonly RoleId[]>, role: RoleId): ReadonlySet<RoleId> {
  const found = new Set<RoleId>()
  for (let next = [...(inclusions.get(role) ?? [])]; next.length > 0; next = next.flatMap((id) => inclusions.get(id) ?? [])) {
    next = next.filter((id) => !found.has(id))
    for (const id of next) found.add(id)
  }
  return found
}

const edges = fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 20 })

/** From the role with the higher number to the one with the lower: there is no circle in it. */
function acyclic(pairs: readonly (readonly [number, number])[]): Map<RoleId, RoleId[]> {
  const inclusions = new Map<RoleId, RoleId[]>()
  for (const [one, other] of pairs) {
    const [role, included] = [roleAt(Math.max(one, other)), roleAt(Math.min(one, other))]
    if (one !== other) inclusions.set(role, [...new Set([...(inclusions.get(role) ?? []), included])])
  }
  return inclusions
}

test('a circle is found when there would be one, and then it is one', () => {
  fc.assert(
    fc.property(edges, fc.nat(7), fc.uniqueArray(fc.nat(7), { maxLength: 4 }), (pairs, at, others) => {
      const inclusions = acyclic(pairs)
      const [role, includes] = [roleAt(at), others.map(roleAt)]
      const cycle = cycleOf(inclusions, role, includes)
      expect(cycle !== null).toBe(includes.some((id) => id === role || reachable(inclusions, id).has(role)))
      if (cycle === null) return
      expect([cycle[0], cycle.at(-1)]).toEqual([role, role])
      const after = new Map(inclusions).set(role, [...(inclusions.get(role) ?? []), ...includes])
      cycle.slice(1).forEach((id, index) => expect(after.get(cycle[index] ?? role)).toContain(id))
    }),
    { numRuns: runs(400) },
  )
})

test('levels are counted through a role, above and below', () => {
  const chain = new Map(roles.slice(1).map((role, index) => [role, [roleAt(index)]]))
  expect(roles.map((role) => levelsThrough(chain, role))).toEqual(roles.map(() => 8))
  expect(levelsThrough(new Map([...chain, [roleAt(7), [roleAt(0), roleAt(6)]]]), roleAt(0))).toBe(8)
  expect(levelsThrough(new Map(), roleAt(0))).toBe(1)
})

describe.each(databases)('inclusions on %s', (database) => {
  const world = useWorld({ database })
  let organizationId: Id<'org'>
  let owner: SignedInUser
  beforeAll(async () => {
    organizationId = await world().newOrganization()
    owner = await world().asMember(organizationId, 'owner')
  })

  let names = 0
  const newRole = (includes: readonly RoleId[] = []) =>
    owner.as.roles.create({ organizationId, name: `r-${++names}`, includes: [...includes] }).then(({ id }) => id)

  async function closureOf(roleId: RoleId): Promise<ReadonlySet<RoleId>> {
    const rows = await world().rows<{ id: string }>('select included_id::text as id from role_closure where role_id = ?', [uuidOf(roleId)])
    return new Set(rows.map(({ id }) => idOf('rol', id)))
  }

  test('what a role includes is all that can be reached, after any sequence of changes; circles are always refused', async () => {
    const size = 6
    const change = fc.record({ role: fc.nat(size - 1), includes: fc.uniqueArray(fc.nat(size - 1), { maxLength: 3 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 12 }), async (changes) => {
        const made: RoleId[] = []
        for (let index = 0; index < size; index++) made.push(await newRole())
        const expected = new Map<RoleId, readonly RoleId[]>()
        for (const { role, includes } of changes) {
          const [roleId = 'rol_', ...ids] = [role, ...includes].map((index) => made[index] ?? 'rol_')
          const cyclic = ids.some((id) => id === roleId || reachable(expected, id).has(roleId))
          const call = owner.as.roles.setParents({ roleId, includes: ids })
          if (cyclic) await expect(call).rejects.toMatchObject({ code: 'roles.cycle' })
          else {
            expect(new Set((await call).includes.map(({ id }) => id))).toEqual(new Set(ids))
            expected.set(roleId, ids)
          }
          for (const id of made) expect(await closureOf(id)).toEqual(reachable(expected, id))
        }
      }),
      { numRuns: runs(database === 'postgres' ? 3 : 1) },
    )
  })

  test('23: a circle is refused, and shown', async () => {
    const one = await newRole()
    const two = await newRole([one])
    const three = await newRole([two])
    const [first, second, third] = await Promise.all([one, two, three].map((roleId) => owner.as.roles.get({ roleId })))
    const cycle = [first, third, second, first].map((role) => ({ id: role?.id, name: role?.name }))
    await expect(owner.as.roles.setParents({ roleId: one, includes: [three] })).rejects.toMatchObject({
      code: 'roles.cycle',
      kind: 'conflict',
      details: { cycle },
      message: expect.stringContaining(cycle.map(({ name }) => name).join(' → ')),
    })
    await expect(owner.as.roles.setParents({ roleId: one, includes: [one] })).rejects.toMatchObject({ code: 'roles.cycle' })
    expect(await closureOf(one)).toEqual(new Set())
  })

  test('what the installation’s roles include comes to the organizations’ roles that include those', async () => {
    const superadmin = (await world().asSuperadmin()).as
    const [inner, outer] = [
      await superadmin.roles.create({ name: 'inner', permissions: ['document.read'] }),
      await superadmin.roles.create({ name: 'outer' }),
    ]
    const ours = await newRole([outer.id])
    await superadmin.roles.setParents({ roleId: outer.id, includes: [inner.id] })
    expect(await closureOf(ours)).toEqual(new Set([outer.id, inner.id]))
    await superadmin.roles.setParents({ roleId: outer.id, includes: [] })
    expect(await closureOf(ours)).toEqual(new Set([outer.id]))
    // Built-in roles may be included by whoever holds all of them: here, by who may do everything.
    await superadmin.roles.setParents({ roleId: outer.id, includes: [builtInRoles.monitor.id] })
    const refused = { code: 'access.notHeld', details: { permissions: ['queries'] } }
    await expect(owner.as.roles.update({ roleId: ours, name: 'too high now' })).rejects.toMatchObject(refused)
    await superadmin.roles.setParents({ roleId: outer.id, includes: [] })
  })

  test('who said what a role includes, and since when, stays', async () => {
    const [one, two] = [await newRole(), await newRole()]
    const roleId = await newRole([one])
    await owner.as.roles.setParents({ roleId, includes: [two] })
    const rows = await world().rows<{ id: string; by: string; remover: string | null }>(
      'select included_id::text as id, added_by as by, removed_by as remover from role_inclusions where role_id = ?',
      [uuidOf(roleId)],
    )
    const by = uuidOf(owner.user.id)
    expect(rows).toHaveLength(2)
    expect(rows).toEqual(
      expect.arrayContaining([
        { id: uuidOf(one), by, remover: by },
        { id: uuidOf(two), by, remover: null },
      ]),
    )
  })

  test('roles are not too large, do not include too many, and not too deeply', async () => {
    const tooMany = (what: string, limit: number) => ({ code: 'roles.tooMany', details: { what, limit } })
    const permissions = Array.from({ length: 200 }, (_, index) => `thing-${index}.read`.replace(/-\d+/, (n) => `s${n.slice(1)}`))
    const { id: full } = await owner.as.roles.create({ organizationId, name: 'full', permissions })
    await expect(owner.as.roles.grantPermission({ roleId: full, permission: 'document.read' })).rejects.toMatchObject(
      tooMany('permissions', 200),
    )
    let top = await newRole()
    for (let level = 2; level <= 20; level++) top = await newRole([top])
    await expect(newRole([top])).rejects.toMatchObject(tooMany('levels', 20))
    const below = await newRole()
    const [bottom] = (await closureOf(top)).values()
    if (bottom === undefined) throw new Error('there are 19')
    await expect(owner.as.roles.setParents({ roleId: below, includes: [top] })).rejects.toMatchObject(tooMany('levels', 20))
    await expect(
      owner.as.roles.create({ organizationId, name: 'wide', includes: Array.from({ length: 101 }, () => top) }),
    ).rejects.toMatchObject({ code: 'request.invalid' })
  })
})
