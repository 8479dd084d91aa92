import { idOf, newId, uuidOf, type Id, type User } from '@denizen/core'
import type { SignedInUser } from '@denizen/core/testing'
import type { SystemDatabase } from '../database.ts'

interface Home {
  readonly organizationId: Id<'org'>
  readonly name: string
  /** Who is in it. */
  readonly member: User
  readonly teamId: Id<'team'>
}

/** Roles, grants, sets of roles, resources and limits of an organization: what there is of access control. */
export async function accessOf(database: SystemDatabase, { organizationId, name, member, teamId }: Home) {
  const { access } = database.people
  const reader = await access.newRole({ organizationId, name: `${name} reader`, permissions: ['document.read'] })
  const editor = await access.newRole({ organizationId, name: `${name} editor`, permissions: ['document.*'], includes: [reader] })
  const clerk = await access.newRole({ organizationId, name: `${name} clerk`, permissions: ['invoice.pay'] })
  const folder = await access.newResource({ organizationId, type: 'folder', key: `${name}-folder` })
  const page = await access.newResource({ organizationId, type: 'document', key: `${name}-page`, parentId: folder })
  const note = await access.newResource({ organizationId, ownerUserId: member.id, type: 'document', key: `${name}-note` })
  const diary = await access.newResource({ ownerUserId: member.id, type: 'document', key: `${name}-diary` })
  const asg = [
    await access.give({ userId: member.id, roleId: editor, on: { organizationId } }),
    await access.give({ teamId, roleId: reader, on: { resourceId: folder } }),
    await access.give({ userId: member.id, permission: 'document.share', on: { teamId } }),
    await access.give({ userId: member.id, permission: 'document.read', on: { resourceId: page } }),
    await access.give({ userId: member.id, permission: 'document.share', on: { resourceId: page } }),
    await access.give({ userId: member.id, roleId: clerk, on: { organizationId }, validUntil: new Date(Date.now() + 3_600_000) }),
    // So that whoever may take something away finds it by who has it, what it is and where.
    await access.give({ teamId, roleId: clerk, on: { organizationId } }),
    await access.give({ userId: member.id, roleId: clerk, on: { teamId } }),
    await access.give({ userId: member.id, roleId: clerk, on: { resourceId: page } }),
    await access.give({ userId: member.id, permission: 'document.read', on: { organizationId } }),
    await access.give({ userId: member.id, permission: 'document.share', on: { organizationId } }),
    await access.give({ teamId, permission: 'document.read', on: { organizationId } }),
    await access.give({ teamId, permission: 'document.share', on: { organizationId } }),
    await access.give({ userId: member.id, permission: 'document.read', on: { teamId } }),
    await access.give({ teamId, permission: 'document.read', on: { resourceId: page } }),
    await access.give({ teamId, permission: 'document.share', on: { resourceId: page } }),
  ]
  const exc = [
    await exclusionOf(database, organizationId, `${name} payments`, [editor, clerk, reader]),
    await exclusionOf(database, organizationId, `${name} refunds`, [reader, clerk]),
  ]
  // Long enough ago for a review to ask whether anybody needs them.
  await database.rows(
    `update role_assignments set granted_at = now() - interval '200 days', valid_from = now() - interval '200 days' where organization_id = ? returning 1`,
    [uuidOf(organizationId)],
  )
  await database.rows(`update roles set created_at = now() - interval '200 days' where organization_id = ? returning 1`, [
    uuidOf(organizationId),
  ])
  return { rol: [clerk, reader, editor], res: [page, folder, note, diary], asg, exc, pol: [await policyOf(database, organizationId, name)] }
}

async function exclusionOf(
  { rows }: SystemDatabase,
  organizationId: Id<'org'>,
  name: string,
  roles: readonly Id<'rol'>[],
): Promise<string> {
  const id = newId('exc', new Date(), crypto.getRandomValues(new Uint8Array(10)))
  await rows(
    `insert into role_exclusions (id, organization_id, name, kind, cardinality, version, created_at, updated_at)
      values (?, ?, ?, 'dynamic', 2, 1, now(), now()) returning 1`,
    [uuidOf(id), uuidOf(organizationId), name],
  )
  for (const roleId of roles)
    await rows(
      `insert into role_exclusion_members (exclusion_id, exclusion_home, role_id, role_home)
        select e.id, e.home, r.id, r.home from role_exclusions e, roles r where e.id = ? and r.id = ? returning 1`,
      [uuidOf(id), uuidOf(roleId)],
    )
  return id
}

/** Limits of the installation's that hold for the organization. */
async function policyOf({ people, rows }: SystemDatabase, organizationId: Id<'org'>, name: string): Promise<string> {
  await people.newPolicy(`${name}-limits`, { maxApiTokens: 90 })
  await rows('update organizations set resource_policy = ? where id = ? returning 1', [`${name}-limits`, uuidOf(organizationId)])
  const [policy] = await rows<{ id: string }>('select id::text as id from resource_policies where name = ?', [`${name}-limits`])
  if (policy === undefined) throw new Error('it was just made')
  return idOf('pol', policy.id)
}

/** Members of an organization who have all that can be given there, each in another way; and somebody who is in none. */
export async function holdersOf(
  { people }: SystemDatabase,
  organizationId: Id<'org'>,
): Promise<readonly (readonly [string, SignedInUser])[]> {
  const { access } = people
  const member = async (): Promise<User> => (await people.asMember(organizationId)).user
  const everything = await access.newRole({ organizationId, name: 'everything', permissions: ['*'] })

  const byRole = await member()
  await access.give({ userId: byRole.id, roleId: everything, on: { organizationId } })

  const byHierarchy = await member()
  const above = await access.newRole({ organizationId, name: 'above everything', includes: [everything] })
  await access.give({ userId: byHierarchy.id, roleId: above, on: { organizationId } })

  const byTeam = await member()
  const { id: teamId } = await people.asSystem().teams.create({ organizationId, name: 'holders' })
  await people.asSystem().teams.addMember({ teamId, userId: byTeam.id })
  await access.give({ teamId, permission: '*', on: { organizationId } })

  const onTeam = await member()
  await access.give({ userId: onTeam.id, permission: '*', on: { teamId } })

  const onResource = await member()
  const resourceId = await access.newResource({ organizationId, type: 'folder', key: 'held' })
  await access.give({ userId: onResource.id, permission: '*', on: { resourceId } })

  const owner = await people.newUser()
  const own = await access.newResource({ ownerUserId: owner.id, type: 'folder', key: 'own' })
  await access.newResource({ ownerUserId: owner.id, type: 'document', key: 'in it', parentId: own })

  const holders = { byRole, byHierarchy, byTeam, onTeam, onResource, owner }
  const names: Readonly<Record<keyof typeof holders, string>> = {
    byRole: 'a member with a role of everything',
    byHierarchy: 'a member whose role includes one of everything',
    byTeam: 'a member of a team that has everything',
    onTeam: 'a member with everything on a team',
    onResource: 'a member with everything on a resource',
    owner: 'an owner of resources in no organization',
  }
  const signedIn: (readonly [string, SignedInUser])[] = []
  for (const key of Object.keys(holders) as (keyof typeof holders)[]) signedIn.push([names[key], await people.signIn(holders[key])])
  return signedIn
}
