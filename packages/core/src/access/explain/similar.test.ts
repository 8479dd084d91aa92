import { useWorld } from '@denizen/core/testing'
import { expect, test } from 'vitest'

const world = useWorld()

test('a permission of an application that no role has is answered with the one that was meant, as far as the caller sees the roles', async () => {
  const organizationId = await world().newOrganization()
  const [owner, member] = [await world().asMember(organizationId, 'owner'), await world().asMember(organizationId)]
  await world().access.newRole({ organizationId, name: 'scribes', permissions: ['scroll.read', 'scroll.write'] })
  const explain = (permission: string, on: { organizationId: typeof organizationId } | undefined = { organizationId }) =>
    owner.as.access.explain({ userId: member.user.id, permission, ...(on !== undefined && { on }) })
  expect(await explain('scroll.raed')).toMatchObject({
    nearest: ['scroll.read'],
    summary: expect.stringMatching(/no role has it\. Did you mean scroll\.read\?$/) as string,
  })
  expect((await explain('scorll.write')).nearest).toEqual(['scroll.write'])
  expect((await explain('scroll.read')).nearest).toEqual([])
  expect((await explain('scroll.burn')).nearest).toEqual([])
  const other = await world().asMember(await world().newOrganization(), 'owner')
  const elsewhere = await other.as.access.explain({ userId: other.user.id, permission: 'scroll.raed' })
  expect(elsewhere.nearest).toEqual([])
})
