import { newId, userActor, uuidOf, type Calls, type Id } from '@denizen/core'
import { databases, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeAll, describe, expect, test } from 'vitest'

/** ABUSE 13 and 14 for the actions of organizations: from another organization, nothing is there. */
describe.each(databases)('from another organization, on %s', (database) => {
  const world = useWorld({ database })
  let theirs: Id<'org'>
  let victim: SignedInUser
  let other: Id<'usr'>
  const strangers: [string, SignedInUser][] = []

  beforeAll(async () => {
    theirs = await world().newOrganization()
    victim = await world().asMember(theirs, 'owner')
    other = (await world().asMember(theirs)).user.id
    await world().asMember(theirs, 'owner')
    await victim.as.organizations.addDomain({ organizationId: theirs, domain: 'theirs.example' })
    const own = await world().newOrganization()
    await world().asMember(own, 'owner')
    for (const role of ['owner', 'admin', 'member'] as const) strangers.push([`${role} of another`, await world().asMember(own, role)])
    strangers.push(['nobody’s member', await world().signUp()])
    const removed = await world().asMember(theirs, 'admin')
    await victim.as.organizations.removeMember({ organizationId: theirs, userId: removed.user.id })
    const principal = await world().core.authenticate(removed.token)
    if (principal === null) throw new Error('whoever is removed stays signed in')
    strangers.push(['who was removed', { ...removed, principal, as: world().core.as(userActor(principal)) }])
    const active = await world().asMember(own, 'owner')
    await active.as.organizations.switch({ organizationId: own })
    strangers.push(['whose session is in another', active])
  })

  type Asked = (calls: Calls['organizations'], organizationId: Id<'org'>, userId: Id<'usr'>, self: Id<'usr'>) => Promise<unknown>
  const actions: [string, Asked][] = [
    ['get', ({ get }, organizationId) => get({ organizationId })],
    ['update', ({ update }, organizationId) => update({ organizationId, name: 'Taken over' })],
    ['update, as an operator', ({ update }, organizationId) => update({ organizationId, status: 'suspended', seatLimit: 1 })],
    ['archive', ({ archive }, organizationId) => archive({ organizationId })],
    ['switch', (calls, organizationId) => calls.switch({ organizationId })],
    ['listDomains', ({ listDomains }, organizationId) => listDomains({ organizationId })],
    ['addDomain', ({ addDomain }, organizationId) => addDomain({ organizationId, domain: 'mine.example' })],
    ['verifyDomain', ({ verifyDomain }, organizationId) => verifyDomain({ organizationId, domain: 'theirs.example' })],
    ['removeDomain', ({ removeDomain }, organizationId) => removeDomain({ organizationId, domain: 'theirs.example' })],
    ['listMembers', ({ listMembers }, organizationId) => listMembers({ organizationId, total: true, search: 'person' })],
    ['addMember of oneself', ({ addMember }, organizationId, _, userId) => addMember({ organizationId, userId })],
    ['addMember', ({ addMember }, organizationId, userId) => addMember({ organizationId, userId })],
    ['updateMember', ({ updateMember }, organizationId, userId) => updateMember({ organizationId, userId, role: 'member' })],
    ['removeMember', ({ removeMember }, organizationId, userId) => removeMember({ organizationId, userId })],
    ['removeMember of oneself', ({ removeMember }, organizationId, _, userId) => removeMember({ organizationId, userId })],
    ['transferOwnership', ({ transferOwnership }, organizationId, toUserId) => transferOwnership({ organizationId, toUserId })],
  ]

  const answerOf = (call: Promise<unknown>) =>
    call.then(
      () => 'an answer',
      ({ code, message, details }: Error & { code: string; details: unknown }) => JSON.stringify({ code, message, details }),
    )

  test.each(actions)('%s: the same answer as for an id that was never given out, and nothing changes', async (_name, call) => {
    const state = () => world().rows('select * from organizations where id = ?', [uuidOf(theirs)])
    const [before, rows] = [await world().counts(), await state()]
    for (const [who, { as, user }] of strangers) {
      const missing = newId('org', world().clock.now(), world().ports.random.bytes(10))
      const answers = [
        await answerOf(call(as.organizations, theirs, other, user.id)),
        await answerOf(call(as.organizations, missing, other, user.id)),
        await answerOf(call(as.organizations, missing, 'usr_01j0000000e008000000000009', user.id)),
        await answerOf(call(as.organizations, theirs, 'usr_01j0000000e008000000000009', user.id)),
      ]
      expect({ who, answers: [...new Set(answers)] }).toEqual({ who, answers: [expect.stringContaining('"code":"request.notFound"')] })
    }
    const after = await world().counts()
    expect({ ...after, audit_entries: 0 }).toEqual({ ...before, audit_entries: 0 })
    expect(await state()).toEqual(rows)
    expect(world().ports.resolver.asked).toEqual([])
    expect(await answerOf(call(world().asAnonymous().organizations, theirs, other, victim.user.id))).toMatch(/request.unauthenticated/)
  })

  test('lists and totals tell nothing of it', async () => {
    for (const [who, { as }] of strangers) {
      const { items, total } = await as.organizations.list({ total: true })
      expect({ who, found: items.some(({ id }) => id === theirs), total }).toEqual({ who, found: false, total: items.length })
    }
  })

  test('ABUSE 14: the database refuses a seat in a team for whoever is no member', async () => {
    const team = await victim.as.teams.create({ organizationId: theirs, name: 'Team' })
    const [, stranger] = strangers[0] ?? []
    const insert = world().rows(
      'insert into team_members (team_id, user_id, organization_id, created_at) values (?, ?, ?, now()) returning 1',
      [uuidOf(team.id), uuidOf(stranger?.user.id ?? ''), uuidOf(theirs)],
    )
    await expect(insert).rejects.toThrow(/team_members_membership_foreign/)
  })
})
