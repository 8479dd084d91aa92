import type { Id } from '@denizen/core'
import { untilWaiting, useWorld, withoutGuard, type SignedInUser } from '@denizen/core/testing'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { uuidOf } from '../kernel/id.ts'
import { mostLockedHolders } from './roles/holders.ts'

/** PGlite runs one transaction after the other and hides every race: all of these are on PostgreSQL. */
const world = useWorld({ connections: 12 })

let organizationId: Id<'org'>
let admin: SignedInUser
beforeAll(async () => {
  organizationId = await world().newOrganization()
  admin = await world().asMember(organizationId, 'owner')
})
afterEach(() => vi.restoreAllMocks())

// By the system: the row of the admin is held meanwhile.
const newTeam = async () => (await world().asSystem().teams.create({ organizationId, name: crypto.randomUUID() })).id
const newRole = (permissions: string[]) => admin.as.roles.create({ organizationId, name: crypto.randomUUID(), permissions })

/** A team that may rename teams, and how that is taken from it. */
interface Taking {
  readonly teamId: Id<'team'>
  readonly takeAway: () => Promise<unknown>
}

const on = () => ({ on: { organizationId } })
async function teamWithRole() {
  const [teamId, role] = [await newTeam(), await newRole(['teams.update'])]
  await admin.as.access.assignRole({ teamId, roleId: role.id, ...on() })
  return { teamId, roleId: role.id }
}

const ways: Readonly<Record<string, () => Promise<Taking>>> = {
  'a permission is revoked from the team': async () => {
    const teamId = await newTeam()
    const grant = { teamId, permission: 'teams.update', ...on() }
    await admin.as.access.grantPermission(grant)
    return { teamId, takeAway: () => admin.as.access.revokePermission(grant) }
  },
  'a role is revoked from the team': async () => {
    const { teamId, roleId } = await teamWithRole()
    return { teamId, takeAway: () => admin.as.access.unassignRole({ teamId, roleId, ...on() }) }
  },
  'the role of the team is deleted': async () => {
    const { teamId, roleId } = await teamWithRole()
    return { teamId, takeAway: () => admin.as.roles.delete({ roleId }) }
  },
  'a permission is taken out of the role of the team': async () => {
    const { teamId, roleId } = await teamWithRole()
    return { teamId, takeAway: () => admin.as.roles.revokePermission({ roleId, permission: 'teams.update' }) }
  },
  'the role of the team does not include another any more': async () => {
    const [teamId, inner] = [await newTeam(), await newRole(['teams.update'])]
    const outer = await admin.as.roles.create({ organizationId, name: crypto.randomUUID(), includes: [inner.id] })
    await admin.as.access.assignRole({ teamId, roleId: outer.id, ...on() })
    return { teamId, takeAway: () => admin.as.roles.setParents({ roleId: outer.id, includes: [] }) }
  },
  'the team is deleted': async () => {
    const { teamId } = await teamWithRole()
    return { teamId, takeAway: () => admin.as.teams.delete({ teamId }) }
  },
}

/** Holds a row until it is called again. */
async function holding(table: 'users' | 'teams', id: Id<'usr'> | Id<'team'>): Promise<() => Promise<void>> {
  const holder = await world().connect()
  await holder.query(`begin; select 1 from ${table} where id = '${uuidOf(id)}' for update`)
  return async () => {
    await holder.query('commit')
    await holder.end()
  }
}

const join = (teamId: Id<'team'>, { user }: SignedInUser) => world().asSystem().teams.addMember({ teamId, userId: user.id })

/** What a member does who has the right to it by the team; it stays in its transaction until it may go on. */
async function startedCommand(member: SignedInUser, watcher: Awaited<ReturnType<ReturnType<typeof world>['connect']>>, others: number) {
  const renamed = await newTeam()
  const goOn = await holding('teams', renamed)
  const command = member.as.teams.update({ teamId: renamed, description: 'changed' }).then(
    () => 'done',
    ({ code }: { code: string }) => code,
  )
  await untilWaiting(watcher, others + 1)
  return { command, goOn }
}

/** Somebody joins between what the revocation prepares and its transaction, and is in the middle of a command when that goes on. */
async function joinedMeanwhile({ teamId, takeAway }: Taking): Promise<{ first: string; command: string }> {
  const [member, watcher] = [await world().asMember(organizationId), await world().connect()]
  const releaseAdmin = await holding('users', admin.user.id)
  const taking = takeAway()
  taking.catch(() => {})
  await untilWaiting(watcher, 1)
  await join(teamId, member)
  const { command, goOn } = await startedCommand(member, watcher, 1)
  await releaseAdmin()
  // The command waits for its row; the revocation for the command, or for nothing.
  const first = await Promise.race([taking.then(() => 'answered'), untilWaiting(watcher, 2).then(() => 'waits')])
  await goOn()
  await taking
  await watcher.end()
  return { first, command: await command }
}

describe('7, race: nobody outlasts a revocation by joining while it begins', () => {
  test.each(Object.entries(ways))(
    '%s: it is answered when the command of who joined is over, and the next is refused',
    async (_, prepare) => {
      const taking = await prepare()
      const [member, watcher] = [await world().asMember(organizationId), await world().connect()]
      expect(await joinedMeanwhile(taking)).toEqual({ first: 'waits', command: 'done' })
      await watcher.end()
      const teamId = await newTeam()
      await expect(member.as.teams.update({ teamId, description: 'changed' })).rejects.toMatchObject({ code: 'request.denied' })
    },
  )

  test.each(Object.entries(ways))('%s: whoever joins while it is in its transaction gets nothing by that', async (_, prepare) => {
    const { teamId, takeAway } = await prepare()
    const [member, watcher] = [await world().asMember(organizationId), await world().connect()]
    const release = await holding('teams', teamId)
    const taking = takeAway()
    await untilWaiting(watcher, 1)
    const joining = join(teamId, member).catch(({ code }: { code: string }) => code)
    await untilWaiting(watcher, 2)
    await release()
    await Promise.all([taking, joining])
    const other = await newTeam()
    await expect(member.as.teams.update({ teamId: other, description: 'changed' })).rejects.toMatchObject({ code: 'request.denied' })
    await watcher.end()
  })

  test('without the locks of users it is answered before: the test above can fail', async () => {
    const taking = await (ways['a role is revoked from the team'] as () => Promise<Taking>)()
    const unguarded = withoutGuard(world(), (query) =>
      /from users .* for no key update$/.test(query) ? query.replace(/ for [a-z ]+$/, '') : query,
    )
    expect((await joinedMeanwhile(taking)).first).toBe('answered')
    expect(unguarded()).toBeGreaterThan(0)
  })
})

test('7, race: whoever is sent out of a team outlasts it with no command', async () => {
  const { teamId } = await teamWithRole()
  const [member, watcher] = [await world().asMember(organizationId), await world().connect()]
  await join(teamId, member)
  const { command, goOn } = await startedCommand(member, watcher, 0)
  const removing = admin.as.teams.removeMember({ teamId, userId: member.user.id })
  const first = await Promise.race([removing.then(() => 'answered'), untilWaiting(watcher, 2).then(() => 'waits')])
  await goOn()
  await removing
  expect([first, await command]).toEqual(['waits', 'done'])
  await watcher.end()
})

test('a role that very many have is changed as fast as any: of so many holders nobody is locked', async () => {
  const system = world().asSystem()
  const { id: roleId } = await system.roles.create({ name: crypto.randomUUID(), permissions: ['document.read', 'document.write'] })
  const one = await world().newUser()
  const revoke = async (permission: string) => {
    const [watcher, release] = [await world().connect(), await holding('users', one.id)]
    const revoking = system.roles.revokePermission({ roleId, permission })
    const first = await Promise.race([revoking.then(() => 'answered'), untilWaiting(watcher, 1).then(() => 'waits')])
    await release()
    await revoking
    await watcher.end()
    return first
  }
  await system.access.assignRole({ userId: one.id, roleId })
  expect(await revoke('document.read')).toBe('waits')
  await holdToo(one.id, mostLockedHolders)
  expect(await revoke('document.write')).toBe('answered')
})

/** So many more users, copies of one, who have what that one has. */
async function holdToo(userId: Id<'usr'>, count: number): Promise<void> {
  const names = ['id', 'username', 'username_skeleton', 'email']
  const [row] = await world().rows<{ columns: string }>(
    `select string_agg(quote_ident(column_name), ', ') as columns from information_schema.columns
      where table_schema = current_schema() and table_name = 'users' and is_generated = 'NEVER' and column_name <> all(?::text[])`,
    [`{${names.join(',')}}`],
  )
  await world().rows(
    `with copies as (insert into users (id, username, username_skeleton, ${row?.columns})
        select gen_random_uuid(), 'copy-' || n, 'copy-' || n, ${row?.columns} from users, generate_series(1, ?::int) n where id = ?::uuid returning id)
      insert into role_assignments (id, subject_kind, user_id, role_id, scope_kind, valid_from, granted_at)
        select gen_random_uuid(), a.subject_kind, c.id, a.role_id, a.scope_kind, a.valid_from, a.granted_at
          from copies c, role_assignments a where a.user_id = ?::uuid returning 1`,
    [count, uuidOf(userId), uuidOf(userId)],
  )
}
