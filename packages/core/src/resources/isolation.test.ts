import { newId, userActor, uuidOf, type Calls, type Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ResourceId } from './model.ts'

/** ABUSE 13 to 15 for resources: from another organization, and for whoever is not its owner, nothing is there. */
describe.each(databases)('resources from another organization, on %s', (database) => {
  const world = useWorld({ database })
  let [theirs, ours]: [Id<'org'>, Id<'org'>] = ['org_', 'org_']
  let victim: SignedInUser
  let [resource, own, mine]: ResourceId[] = []
  const strangers: [string, SignedInUser][] = []
  const known = () => {
    if (resource === undefined || own === undefined || mine === undefined) throw new Error('they are there from beforeAll on')
    return { resource, own, mine }
  }

  beforeAll(async () => {
    ;[theirs, ours] = [await world().newOrganization(), await world().newOrganization()]
    victim = await world().asMember(theirs, 'owner')
    const made = await victim.as.resources.register({ type: 'document', organizationId: theirs, key: 'plan', name: 'Their plan' })
    resource = made?.id
    own = (await victim.as.resources.register({ type: 'document', key: 'diary' }))?.id
    mine = await world().access.newResource({ organizationId: ours })
    for (const role of ['owner', 'admin', 'member'] as const) strangers.push([`${role} of another`, await world().asMember(ours, role)])
    const holder = await world().asMember(ours)
    for (const on of [{ organizationId: ours }, { resourceId: mine }])
      await world().access.give({ userId: holder.user.id, permission: '*', on })
    strangers.push(['who holds everything elsewhere', await world().signIn(holder.user)])
    strangers.push(['whose session is in another', await switched(await world().asMember(ours, 'owner'))])
    strangers.push(['who is nowhere', await world().signUp()])
    strangers.push(['who was removed', await removed()])
  })

  async function switched(active: SignedInUser): Promise<SignedInUser> {
    await active.as.organizations.switch({ organizationId: ours })
    return active
  }

  /** Somebody who owned something there, and was given more. */
  async function removed(): Promise<SignedInUser> {
    const leaver = await world().asMember(theirs, 'admin')
    const { id: userId } = leaver.user
    await victim.as.resources.register({ type: 'folder', organizationId: theirs, ownerUserId: userId })
    await world().access.give({ userId, permission: '*', on: { resourceId: known().resource } })
    await victim.as.organizations.removeMember({ organizationId: theirs, userId })
    const principal = await world().core.authenticate(leaver.token)
    if (principal === null) throw new Error('whoever is removed stays signed in')
    return { ...leaver, principal, as: world().core.as(userActor(principal)) }
  }

  type Asked = (calls: Calls['resources'], resourceId: ResourceId, organizationId: Id<'org'>, userId: Id<'usr'>) => Promise<unknown>
  const actions: [string, Asked][] = [
    ['get', ({ get }, resourceId) => get({ resourceId })],
    ['get by its key', ({ get }, _, organizationId) => get({ type: 'document', key: 'plan', organizationId })],
    ['update', ({ update }, resourceId) => update({ resourceId, name: 'Taken over' })],
    ['update with a version', ({ update }, resourceId) => update({ resourceId, version: 7, name: 'Taken over' })],
    ['delete', (calls, resourceId) => calls.delete({ resourceId, recursive: true })],
    ['transfer to oneself', ({ transfer }, resourceId, _, userId) => transfer({ resourceId, toUserId: userId })],
    ['transfer', ({ transfer }, resourceId) => transfer({ resourceId, toUserId: victim.user.id })],
    ['transfer to the organization', ({ transfer }, resourceId) => transfer({ resourceId, toOrganization: true })],
    ['register there', ({ register }, _, organizationId) => register({ type: 'document', organizationId, key: 'plan' })],
    ['register inside', ({ register }, parentId) => register({ type: 'document', parentId })],
    ['register many inside', ({ registerMany }, parentId) => registerMany({ parentId, items: [{ type: 'document' }] })],
    ['list', ({ list }, _, organizationId) => list({ organizationId, total: true })],
    ['list inside', ({ list }, within) => list({ within, total: true })],
    ['list children', ({ list }, parentId) => list({ parentId, total: true })],
    ['grant to oneself', ({ grant }, resourceId, _, userId) => grant({ resourceId, userId, permission: 'resources.get' })],
    ['revoke', ({ revoke }, resourceId) => revoke({ resourceId, userId: victim.user.id, permission: 'resources.get' })],
  ]

  const answerOf = (call: Promise<unknown>) =>
    call.then(
      () => 'an answer',
      ({ code, message, details }: Error & { code: string; details: unknown }) => JSON.stringify({ code, message, details }),
    )

  test.each(actions)('%s: the same answer as for an id that was never given out, and nothing changes', async (_name, call) => {
    const state = () => world().rows('select * from resources order by id')
    const [before, rows] = [await world().counts(), await state()]
    const never = <Prefix extends string>(prefix: Prefix) => newId(prefix, world().clock.now(), world().ports.random.bytes(10))
    for (const [who, { as, user }] of strangers) {
      const answers = [
        await answerOf(call(as.resources, known().resource, theirs, user.id)),
        await answerOf(call(as.resources, known().own, never('org'), user.id)),
        await answerOf(call(as.resources, never('res'), never('org'), user.id)),
      ]
      expect({ who, answers: [...new Set(answers)] }).toEqual({ who, answers: [expect.stringContaining('"code":"request.notFound"')] })
    }
    const after = await world().counts()
    // What was used of grants is written now and then, by a clock of its own.
    const besides = { audit_entries: 0, permission_uses: 0 }
    expect({ ...after, ...besides }).toEqual({ ...before, ...besides })
    expect(await state()).toEqual(rows)
    expect(await answerOf(call(world().asAnonymous().resources, known().resource, theirs, victim.user.id))).toMatch(
      /request.unauthenticated/,
    )
  })

  test('ABUSE 15: what is named decides, not the organization that the session is in', async () => {
    const both = await world().newUser()
    for (const organizationId of [theirs, ours]) await world().join(organizationId, both, organizationId === ours ? 'owner' : 'member')
    const { as } = await switched(await world().signIn(both))
    await expect(as.resources.register({ type: 'document', organizationId: theirs })).rejects.toMatchObject({ code: 'request.denied' })
    await expect(as.resources.get({ resourceId: known().resource })).rejects.toMatchObject({ code: 'request.notFound' })
    expect(await as.resources.register({ type: 'document' })).toMatchObject({ organizationId: null, ownerUserId: both.id })
    const { mine } = known()
    expect(await as.resources.get({ resourceId: mine })).toMatchObject({ organizationId: ours })
    for (const call of [
      () => as.resources.get({ resourceId: mine, organizationId: theirs }),
      () => as.resources.list({ within: mine, organizationId: theirs }),
      () => as.resources.register({ type: 'document', parentId: mine, organizationId: theirs }),
    ])
      await expect(call()).rejects.toMatchObject({ code: 'request.notFound' })
  })

  test('a key of theirs is free here, and tells nothing of theirs', async () => {
    const { as } = await world().asMember(ours, 'admin')
    expect(await as.resources.register({ type: 'document', organizationId: ours, key: 'plan' })).toMatchObject({ organizationId: ours })
    expect(await as.resources.register({ type: 'document', key: 'diary' })).toMatchObject({ organizationId: null })
    expect(await as.resources.get({ type: 'document', key: 'diary' })).not.toMatchObject({ id: known().own })
  })

  test('ABUSE 14: the database itself refuses a parent, a grant or a move across organizations', async () => {
    const [outside, here] = [uuidOf(known().resource), uuidOf(known().mine)]
    const refusedBy = (constraint: string) => expect.objectContaining({ constraint, code: '23503' })
    const insert = (parent: string, organization: string | null, owner: string | null) =>
      world().rows(
        `insert into resources (id, organization_id, type, parent_id, path, owner_user_id, owned_since, created_at, updated_at)
          values (gen_random_uuid(), ?, 'document', ?, '{}', ?, now(), now(), now()) returning 1`,
        [organization, parent, owner],
      )
    const parentForeign = refusedBy('resources_parent_foreign')
    await expect(insert(outside, uuidOf(ours), null)).rejects.toEqual(parentForeign)
    await expect(insert(outside, null, uuidOf(victim.user.id))).rejects.toEqual(parentForeign)
    await expect(insert(uuidOf(known().own), uuidOf(theirs), null)).rejects.toEqual(parentForeign)
    const nobodys = insert(here, null, null)
    await expect(nobodys).rejects.toEqual(expect.objectContaining({ code: '23514', constraint: 'resources_owned' }))
    const give = (organization: string | null) =>
      world().rows(
        `insert into role_assignments (id, subject_kind, user_id, permission, scope_kind, organization_id, resource_id, valid_from, granted_at)
          values (gen_random_uuid(), 'user', ?, 'document.read', 'resource', ?, ?, now(), now()) returning 1`,
        [uuidOf(victim.user.id), organization, outside],
      )
    for (const organization of [uuidOf(ours), null])
      await expect(give(organization)).rejects.toEqual(refusedBy('role_assignments_resource_foreign'))
    await world().access.newResource({ organizationId: theirs, parentId: known().resource })
    const move = world().rows('update resources set organization_id = ?, key = null where id = ? returning 1', [uuidOf(ours), outside])
    await expect(move).rejects.toMatchObject({ code: '23503' })
  })
})
