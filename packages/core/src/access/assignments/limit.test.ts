import type { DenizenError, User } from '@denizen/core'
import { untilWaiting, useWorld } from '@denizen/core/testing'
import { expect, test } from 'vitest'
import { uuidOf } from '../../kernel/id.ts'

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

test('S1: case 60: nor by two at once, one of which began before they came into the team', async () => {
  const organizationId = await world().newOrganization()
  const [one, other, ada] = [
    await world().asMember(organizationId, 'admin'),
    await world().asMember(organizationId, 'admin'),
    await world().asMember(organizationId),
  ]
  const newTeam = async () => (await other.as.teams.create({ organizationId, name: crypto.randomUUID() })).id
  const [teamId, second] = [await newTeam(), await newTeam()]
  await other.as.access.grantPermission({ teamId: second, permission: 'app.second', on: { organizationId } })
  await world().rows(
    `insert into role_assignments (id, subject_kind, user_id, role_home, permission, scope_kind, organization_id, valid_from, granted_at)
      select gen_random_uuid(), 'user', ?::uuid, '00000000-0000-0000-0000-000000000000', 'app.p' || n, 'organization', ?::uuid, ?::timestamptz, ?::timestamptz
        from generate_series(1, 1999) n returning 1`,
    [uuidOf(ada.user.id), uuidOf(organizationId), world().clock.now(), world().clock.now()],
  )
  const [first, gate, watcher] = [await world().connect(), await world().connect(), await world().connect()]
  const held = async (statement: string, connection = gate) => void (await connection.query(`begin; ${statement}`))
  const userId = ada.user.id
  // The first has read who is in the team, and waits for its own caller.
  await held(`select 1 from users where id = '${uuidOf(one.user.id)}' for update`, first)
  const outcomes = [told(one.as.access.grantPermission({ teamId, permission: 'app.more', on: { organizationId } }))]
  await untilWaiting(watcher, 1)
  await other.as.teams.addMember({ teamId, userId })
  // Both wait before they commit, if they get there.
  await held('lock table audit_entries in share mode')
  await first.query('commit')
  await untilWaiting(watcher, 1)
  outcomes.push(told(other.as.teams.addMember({ teamId: second, userId })))
  await untilWaiting(watcher, 2)
  await gate.query('commit')
  expect((await Promise.all(outcomes)).toSorted()).toEqual(['access.tooManyAssignments', 'done'])
  expect(await countingOf(ada.user)).toBe(2000)
})

const told = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    ({ code }: DenizenError) => code as string,
  )

async function countingOf({ id }: Pick<User, 'id'>): Promise<number> {
  const rows = await world().rows(
    `select 1 from role_assignments a where a.revoked_at is null and a.scope_kind <> 'system'
      and (a.user_id = ?::uuid or a.team_id in (select team_id from team_members where user_id = ?::uuid))`,
    [uuidOf(id), uuidOf(id)],
  )
  return rows.length
}
