import { systemActor } from '@denizen/core'
import { databases, newEmail, queuedJobs, type SignedInUser, useWorld } from '@denizen/core/testing'
import { beforeEach, describe, expect, test } from 'vitest'
import { uuidOf, type Id } from '../kernel/id.ts'

const day = 24 * 60 * 60 * 1000

describe.each(databases)('organizations.invite on %s', (database) => {
  const world = useWorld({ database, settings: { publicUrl: 'https://id.example.com' } })

  async function place(): Promise<{ organizationId: Id<'org'>; owner: SignedInUser; admin: SignedInUser; member: SignedInUser }> {
    const organizationId = await world().newOrganization()
    return {
      organizationId,
      owner: await world().asMember(organizationId, 'owner'),
      admin: await world().asMember(organizationId, 'admin'),
      member: await world().asMember(organizationId, 'member'),
    }
  }

  /** What other tests have queued is done. */
  beforeEach(() => world().work())

  test('queues one mail, with a link under the configured address, and answers what the organization may know', async () => {
    const { organizationId, admin } = await place()
    const email = newEmail()
    const invitation = await admin.as.organizations.invite({ organizationId, email: ` ${email.toUpperCase()} ` })
    expect(invitation).toEqual({
      id: expect.stringMatching(/^inv_/),
      organizationId,
      email,
      role: 'member',
      state: 'pending',
      invitedBy: admin.user.id,
      createdAt: world().clock.now(),
      expiresAt: new Date(world().clock.now().getTime() + 7 * day),
    })
    await world().work()
    expect(world().mailer.linkTo(email)).toMatch(
      /^https:\/\/id\.example\.com\/invitations\/accept\?token=dnz_invite_[0-9a-z]{26}_[0-9A-Za-z]{49}$/,
    )
    const [mail] = world().mailer.sent.filter(({ to }) => to === email)
    expect(mail?.html).toContain(world().mailer.linkTo(email).replaceAll('=', '&#61;'))
    expect(mail?.text).toContain('a member')
  })

  test('keeps no secret: neither in the row, nor in the job, the event or the audit entry', async () => {
    const { organizationId, admin } = await place()
    const email = newEmail()
    await admin.as.organizations.invite({ organizationId, email })
    const jobs = await queuedJobs(world().em(), { take: false })
    await world().work()
    const token = world().mailer.tokenFor(email)
    const rows = await world().rows(
      'select i::text from invitations i union all select e::text from events e union all select a::text from audit_entries a',
    )
    expect(jobs).toHaveLength(1)
    const kept = JSON.stringify([rows, jobs])
    expect(kept).toContain(world().ports.digest.sha256(token))
    expect(kept).not.toContain(token.slice(-49, -6))
    expect(JSON.stringify(await world().rows('select e.payload::text from events e')), 'an event names nobody by address').not.toContain(
      email,
    )
  })

  test('a job that is done twice mails the same link; one whose invitation is gone mails nothing', async () => {
    const { organizationId, admin } = await place()
    const email = newEmail()
    const { id } = await admin.as.organizations.invite({ organizationId, email })
    const [job] = await queuedJobs(world().em(), { take: true })
    if (job === undefined) throw new Error('there is a job')
    await world().core.work(job.name, job.payload)
    await world().core.work(job.name, job.payload)
    const links = world().mailer.sent.filter(({ to }) => to === email)
    expect(links).toHaveLength(2)
    expect(links[0]).toEqual(links[1])
    await admin.as.organizations.revokeInvitation({ invitationId: id })
    await world().core.work(job.name, job.payload)
    expect(world().mailer.sent.filter(({ to }) => to === email)).toHaveLength(2)
  })

  test('again to the same address renews: the old link dies, the new one lives, and there is one invitation', async () => {
    const { organizationId, admin, owner } = await place()
    const email = newEmail()
    const first = await admin.as.organizations.invite({ organizationId, email })
    const [stale] = await queuedJobs(world().em(), { take: false })
    await world().work()
    const before = world().mailer.tokenFor(email)
    const second = await owner.as.organizations.invite({ organizationId, email, role: 'admin' })
    await world().work()
    const after = world().mailer.tokenFor(email)
    expect(second).toMatchObject({ id: first.id, role: 'admin', invitedBy: owner.user.id })
    expect(second.expiresAt.getTime(), 'also within the same instant').toBeGreaterThan(first.expiresAt.getTime())
    const anonymous = world().asAnonymous()
    await expect(anonymous.organizations.viewInvitation({ token: before })).rejects.toMatchObject({
      code: 'organizations.invitationInvalid',
    })
    expect(await anonymous.organizations.viewInvitation({ token: after })).toMatchObject({ role: 'admin', hasAccount: false })
    const mails = world().mailer.sent.length
    if (stale === undefined) throw new Error('there was a job')
    await world().core.work(stale.name, stale.payload)
    expect(world().mailer.sent, 'the job of the first one mails nothing any more').toHaveLength(mails)
  })

  test('of an invitation that is too old makes a new one', async () => {
    const { organizationId, admin } = await place()
    const email = newEmail()
    const { id } = await admin.as.organizations.invite({ organizationId, email })
    world().clock.advance(7 * day)
    const again = await world().asSystem().organizations.invite({ organizationId, email })
    expect(again).toMatchObject({ id, state: 'pending', invitedBy: null })
  })

  test.each([
    ['admin', 'owner', false],
    ['admin', 'admin', true],
    ['owner', 'owner', true],
  ] as const)('by %s to %s: %s', async (own, role, allowed) => {
    const people = await place()
    const call = people[own].as.organizations.invite({ organizationId: people.organizationId, email: newEmail(), role })
    if (allowed) await expect(call).resolves.toMatchObject({ role })
    else await expect(call).rejects.toMatchObject({ code: 'organizations.roleTooHigh', kind: 'denied' })
  })

  test('nobody renews an invitation to a role above their own into one below it', async () => {
    const { organizationId, owner, admin } = await place()
    const email = newEmail()
    await owner.as.organizations.invite({ organizationId, email, role: 'owner' })
    await expect(admin.as.organizations.invite({ organizationId, email })).rejects.toMatchObject({ code: 'organizations.roleTooHigh' })
  })

  test('by a member, a stranger or nobody', async () => {
    const { organizationId, member } = await place()
    const stranger = await world().asMember(await world().newOrganization(), 'owner')
    const input = { organizationId, email: newEmail() }
    const before = (await world().counts())['invitations']
    await expect(member.as.organizations.invite(input)).rejects.toMatchObject({ code: 'request.denied' })
    const unknown = { ...input, organizationId: 'org_01j0000000e008000000000001' as const }
    const answers = await Promise.all(
      [input, unknown].map((asked) =>
        stranger.as.organizations
          .invite(asked)
          .catch(({ code, message, details }: { code: string; message: string; details: unknown }) => ({ code, message, details })),
      ),
    )
    expect(answers[0]).toMatchObject({ code: 'request.notFound' })
    expect(answers[0]).toEqual(answers[1])
    await expect(world().asAnonymous().organizations.invite(input)).rejects.toMatchObject({ code: 'request.unauthenticated' })
    expect((await world().counts())['invitations']).toBe(before)
  })

  test('a superadmin invites to any role', async () => {
    const { organizationId } = await place()
    const superadmin = await world().asSuperadmin()
    await expect(superadmin.as.organizations.invite({ organizationId, email: newEmail(), role: 'owner' })).resolves.toMatchObject({
      role: 'owner',
    })
  })

  test('of a member is a conflict; of anybody else the answer is one and the same', async () => {
    const { organizationId, admin, member } = await place()
    await expect(admin.as.organizations.invite({ organizationId, email: member.user.email ?? '' })).rejects.toMatchObject({
      code: 'organizations.alreadyMember',
    })
    const stranger = await world().newUser()
    const [known, unknown] = [stranger.email ?? '', newEmail()]
    const told = async (email: string) => {
      const { id: _, email: __, ...answer } = await admin.as.organizations.invite({ organizationId, email })
      return answer
    }
    expect(await told(known)).toEqual(await told(unknown))
    const { items } = await admin.as.organizations.listInvitations({ organizationId })
    expect(items.map(({ id: _, email: __, ...item }) => item)[0]).toEqual(items.map(({ id: _, email: __, ...item }) => item)[1])
    await world().work()
    const [one, other] = [known, unknown].map((to) => world().mailer.sent.find((mail) => mail.to === to))
    const withoutNames = (text = '', address: string) => text.replaceAll(address, 'ADDRESS').replaceAll(/dnz_invite_\w+/g, 'TOKEN')
    expect(withoutNames(one?.text, known)).toBe(withoutNames(other?.text, unknown))
    expect(withoutNames(one?.html, known)).toBe(withoutNames(other?.html, unknown))
  })

  test('a seat is kept for everybody who may still come: members and invitations together fill the organization', async () => {
    const { organizationId, admin } = await place()
    await world().rows('update organizations set seat_limit = 5 where id = ?', [uuidOf(organizationId)])
    const [first, second] = [newEmail(), newEmail()]
    const { id } = await admin.as.organizations.invite({ organizationId, email: first })
    await admin.as.organizations.invite({ organizationId, email: second })
    const third = { organizationId, email: newEmail() }
    await expect(admin.as.organizations.invite(third)).rejects.toMatchObject({
      code: 'organizations.seatsTaken',
      details: { seatLimit: 5 },
    })
    await expect(admin.as.organizations.invite({ organizationId, email: second }), 'a renewal takes no seat').resolves.toMatchObject({
      state: 'pending',
    })
    await admin.as.organizations.revokeInvitation({ invitationId: id })
    await expect(admin.as.organizations.invite(third)).resolves.toMatchObject({ state: 'pending' })
    world().clock.advance(7 * day + 1)
    await expect(world().asSystem().organizations.invite({ organizationId, email: newEmail() })).resolves.toMatchObject({
      state: 'pending',
    })
  })

  test('to an organization that is suspended', async () => {
    const { organizationId } = await place()
    await world().rows(`update organizations set status = 'suspended' where id = ?`, [uuidOf(organizationId)])
    await expect(world().asSystem().organizations.invite({ organizationId, email: newEmail() })).rejects.toMatchObject({
      code: 'organizations.inactive',
    })
  })

  test.each(['a@x.org\r\nBcc: eve@x.org', 'a@x.org, eve@x.org', 'Ada <a@x.org>', 'a@x.org\u0000', 'a\u0131@x.org\n.', '', '@', 'a@b_c'])(
    'refuses the address %j',
    async (email) => {
      const { organizationId, admin } = await place()
      await expect(admin.as.organizations.invite({ organizationId, email })).rejects.toMatchObject({
        code: 'request.invalid',
        details: { issues: [{ path: 'email' }] },
      })
    },
  )

  test.each(['Nice\r\nBcc: eve@example.com', '<script>alert(1)</script>', '“Zürich” 株式会社 🏔', '‮drawkcab'])(
    'the name %j of an organization stays within its place in the mail',
    async (name) => {
      const { organizationId, admin } = await place()
      await world().rows('update organizations set name = ? where id = ?', [name, uuidOf(organizationId)])
      const email = newEmail()
      await admin.as.organizations.invite({ organizationId, email })
      await world().work()
      const mail = world().mailer.sent.find(({ to }) => to === email)
      expect(mail?.subject).not.toMatch(/[\r\n\u202e]/)
      expect(mail?.subject).toContain(`“${name.replaceAll(/[\r\n\u202e]/g, '\uFFFD').replace('example.com', 'example·com')}”`)
      expect(mail?.html).not.toContain('<script')
    },
  )

  test('without a mail server it fails at once, with what has to be set', async () => {
    const { organizationId } = await place()
    world().mailer.isConfigured = false
    try {
      const before = await world().counts()
      await expect(world().asSystem().organizations.invite({ organizationId, email: newEmail() })).rejects.toMatchObject({
        code: 'mail.notConfigured',
        kind: 'unavailable',
        message: expect.stringContaining('DENIZEN_SMTP_URL'),
      })
      expect(await world().counts()).toEqual(before)
    } finally {
      world().mailer.isConfigured = true
    }
  })

  test('a plan tells of the row, the event and the job, and leaves none', async () => {
    const { organizationId } = await place()
    const actor = systemActor('plan')
    const origin = { requestId: 'req_plan', ip: null, userAgent: null }
    const plan = await world().core.plan('organizations.invite', { organizationId, email: newEmail() }, { actor, origin })
    expect(plan).toMatchObject({
      rows: { invitations: { inserted: 1, updated: 0, deleted: 0 } },
      events: { 'invitations.sent': 1 },
      jobs: { 'invitations.mail': 1 },
    })
    const { items } = await world().asSystem().organizations.listInvitations({ organizationId })
    expect(items).toEqual([])
  })
})
