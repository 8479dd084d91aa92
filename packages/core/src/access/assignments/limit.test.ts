import { useWorld } from '@denizen/core/testing'
import { expect, test } from 'vitest'

const world = useWorld()
const tooMany = { code: 'access.tooManyAssignments', kind: 'conflict' }

test('S1: case 60: nobody has more than 2000 assignments in one organization, by whatever way: every call of theirs goes through all', async () => {
  const organizationId = await world().newOrganization('counted')
  const boss = await world().asMember(organizationId, 'owner')
  const [ada, bob] = [await world().asMember(organizationId), await world().asMember(organizationId)]
  const { id: teamId } = await boss.as.teams.create({ organizationId, name: 'Counted' })
  const { access, teams } = boss.as
  const on = { organizationId }
  const assignments = Array.from({ length: 2000 }, (_, index) => ({ user: ada.user.id, permission: `app.p${index}` }))
  const documentOf = (more: typeof assignments) => ({
    version: 1 as const,
    organization: 'counted',
    assignments: [...assignments, ...more],
  })
  await expect(access.apply({ document: documentOf([{ user: ada.user.id, permission: 'app.more' }]) })).rejects.toMatchObject(tooMany)
  await access.apply({ document: documentOf([]) })
  await expect(access.grantPermission({ userId: ada.user.id, permission: 'app.more', on })).rejects.toMatchObject({
    ...tooMany,
    details: { userId: ada.user.id, limit: 2000 },
  })
  // Others have room, and so have they elsewhere.
  await access.grantPermission({ userId: bob.user.id, permission: 'app.more', on })
  const elsewhere = await world().newOrganization('elsewhere')
  await world().join(elsewhere, ada.user)
  await world().access.give({ userId: ada.user.id, permission: 'app.more', on: { organizationId: elsewhere } })
  // By a team: with a seat in one that has something, and with something for one that they sit in.
  await access.grantPermission({ teamId, permission: 'app.more', on })
  await expect(teams.addMember({ teamId, userId: ada.user.id })).rejects.toMatchObject(tooMany)
  await access.revokePermission({ userId: ada.user.id, permission: 'app.p0', on })
  await teams.addMember({ teamId, userId: ada.user.id })
  await expect(access.grantPermission({ teamId, permission: 'app.p0', on })).rejects.toMatchObject(tooMany)
})
