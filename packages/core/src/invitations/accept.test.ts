import type { InputOf, Signatures } from '@denizen/core'
import { databases, newEmail, password, type SignedInUser, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { uuidOf, type Id } from '../kernel/id.ts'

const day = 24 * 60 * 60 * 1000
const invalid = { code: 'organizations.invitationInvalid', kind: 'notFound' }
const chosen = 'another correct horse battery'

describe.each(databases)('organizations.acceptInvitation on %s', (database) => {
  const world = useWorld({ database })

  interface Invited {
    readonly organizationId: Id<'org'>
    readonly owner: SignedInUser
    readonly email: string
    readonly invitationId: Id<'inv'>
    readonly token: string
  }

  async function invited(email = newEmail(), role: 'owner' | 'admin' | 'member' = 'member'): Promise<Invited> {
    const organizationId = await world().newOrganization()
    const owner = await world().asMember(organizationId, 'owner')
    const { id: invitationId } = await owner.as.organizations.invite({ organizationId, email, role })
    await world().work()
    return { organizationId, owner, email, invitationId, token: world().mailer.tokenFor(email) }
  }

  type Acceptance = InputOf<Signatures['organizations']['acceptInvitation']>
  const accept = (input: Acceptance) => world().asAnonymous().organizations.acceptInvitation(input)
  const membershipOf = (userId: string) =>
    world().rows<{ organization: string; role: string }>(
      'select organization_id::text as organization, role from memberships where user_id = ?',
      [uuidOf(userId)],
    )

  test('somebody without an account gets one, with the address proved, and is a member', async () => {
    const { organizationId, token, email, owner, invitationId } = await invited(undefined, 'admin')
    await expect(accept({ token })).rejects.toMatchObject({ code: 'organizations.passwordNeeded', details: { email } })
    const { userId, ...answer } = await accept({ token, password: chosen, fullName: 'Ada Lovelace' })
    expect(answer).toMatchObject({ organization: { id: organizationId }, role: 'admin', accountCreated: true })
    const user = await world().asSystem().users.get({ userId })
    expect(user).toMatchObject({
      email,
      emailVerified: true,
      fullName: 'Ada Lovelace',
      homeOrganizationId: null,
      needPasswordChange: false,
      status: 'active',
    })
    expect(await membershipOf(userId)).toEqual([{ organization: uuidOf(organizationId), role: 'admin' }])
    const session = await world().signIn(user, chosen)
    expect(session.principal.memberships).toEqual([{ organizationId, role: 'admin' }])
    const { items } = await owner.as.organizations.listInvitations({ organizationId })
    expect(items).toMatchObject([{ id: invitationId, state: 'accepted' }])
    expect(await world().rows('select accepted_by::text as by from invitations where id = ?', [uuidOf(invitationId)])).toEqual([
      { by: uuidOf(userId) },
    ])
  })

  test('an account with the address proved becomes a member; nothing else about it changes, and no session is opened', async () => {
    const user = await world().newUser({ emailVerified: true })
    const session = await world().signIn(user)
    const { organizationId, token } = await invited(user.email ?? '')
    const before = await world().counts()
    expect(await accept({ token, password: chosen, username: 'takeover', fullName: 'Eve' })).toMatchObject({
      userId: user.id,
      accountCreated: false,
    })
    const after = await world().counts()
    for (const table of ['users', 'sessions', 'tokens', 'passwords', 'role_assignments'])
      expect({ [table]: after[table] }).toEqual({ [table]: before[table] })
    expect(await world().asSystem().users.get({ userId: user.id })).toEqual(user)
    await expect(world().signIn(user), 'the old password works').resolves.toBeDefined()
    await expect(world().signIn(user, chosen)).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
    expect(await world().core.authenticate(session.token)).toMatchObject({ memberships: [{ organizationId, role: 'member' }] })
  })

  describe('an account whose address nobody proved (26: it may be a stranger who waits for its owner)', () => {
    test('loses its password and every session, and gets the password of whoever has the link', async () => {
      const email = newEmail()
      const squatter = await world().signUp({ email })
      const { token } = await invited(email)
      expect(await world().asAnonymous().organizations.viewInvitation({ token })).toMatchObject({ hasAccount: true, needsPassword: true })
      expect(await accept({ token, password: chosen })).toMatchObject({ userId: squatter.user.id, accountCreated: false })
      expect(await world().core.authenticate(squatter.token)).toBeNull()
      await expect(squatter.as.auth.signOut()).rejects.toMatchObject({ code: 'request.unauthenticated' })
      await expect(world().signIn(squatter.user, password)).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
      await expect(world().signIn(squatter.user, chosen)).resolves.toBeDefined()
      expect(await world().asSystem().users.get({ userId: squatter.user.id })).toMatchObject({ emailVerified: true })
    })

    test('has no password at all when none is chosen', async () => {
      const email = newEmail()
      const squatter = await world().signUp({ email })
      const { token } = await invited(email)
      await accept({ token })
      expect(await world().rows('select 1 from passwords where user_id = ?', [uuidOf(squatter.user.id)])).toEqual([])
      await expect(world().signIn(squatter.user, password)).rejects.toMatchObject({ code: 'auth.invalidCredentials' })
      expect(await world().asSystem().users.get({ userId: squatter.user.id })).toMatchObject({ passwordChangedAt: null })
    })

    test('is not handed over when it has roles of its own: the address may be mistyped', async () => {
      const email = newEmail()
      const operator = await world().newUser({ email })
      await world().grant(operator, 'monitor')
      const { token } = await invited(email)
      const before = await world().counts()
      await expect(accept({ token, password: chosen })).rejects.toMatchObject({ code: 'organizations.signInFirst', kind: 'denied' })
      expect(await world().counts()).toEqual(before)
      const session = await world().signIn(operator)
      expect(await session.as.organizations.acceptInvitation({ token })).toMatchObject({ userId: operator.id })
    })

    test('signed in with the link keeps its password and its session, and the address is proved', async () => {
      const self = await world().signUp()
      const { organizationId, token } = await invited(self.user.email ?? '')
      expect(await self.as.organizations.acceptInvitation({ token, password: chosen })).toMatchObject({ userId: self.user.id })
      expect(await world().core.authenticate(self.token)).toMatchObject({ memberships: [{ organizationId }] })
      await expect(world().signIn(self.user)).resolves.toBeDefined()
      expect(await world().asSystem().users.get({ userId: self.user.id })).toMatchObject({ emailVerified: true })
    })
  })

  test('by its id: only whoever is signed in with the address and has proved it', async () => {
    const [self, other] = [await world().signUp({ emailVerified: true }), await world().signUp({ emailVerified: true })]
    const superadmin = await world().asSuperadmin()
    const { organizationId, invitationId, owner } = await invited(self.user.email ?? '')
    const squatterOf = await world().signUp()
    const theirs = await invited(squatterOf.user.email ?? '')
    const unknown = 'inv_01j0000000e008000000000001'
    const asked: [SignedInUser, string][] = [
      [other, invitationId],
      [owner, invitationId],
      [superadmin, invitationId],
      [squatterOf, theirs.invitationId],
      [self, unknown],
    ]
    const answers = await Promise.all(
      asked.flatMap(([{ as }, id]) =>
        [as.organizations.acceptInvitation, as.organizations.declineInvitation].map((call) =>
          call({ invitationId: id as Id<'inv'> }).catch(
            ({ code, message, details }: { code: string; message: string; details: unknown }) => ({ code, message, details }),
          ),
        ),
      ),
    )
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ code: 'request.notFound' })
    await expect(accept({ invitationId })).rejects.toMatchObject({ code: 'request.unauthenticated' })
    expect(await self.as.organizations.acceptInvitation({ invitationId })).toMatchObject({ organization: { id: organizationId } })
    await expect(self.as.organizations.acceptInvitation({ invitationId })).rejects.toMatchObject(invalid)
  })

  test('signed in as somebody else is refused, and the invitation stays', async () => {
    const other = await world().signUp({ emailVerified: true })
    const { token } = await invited()
    await expect(other.as.organizations.acceptInvitation({ token, password: chosen })).rejects.toMatchObject({
      code: 'organizations.invitedAnother',
      kind: 'denied',
    })
    await expect(other.as.organizations.declineInvitation({ token })).rejects.toMatchObject({ code: 'organizations.invitedAnother' })
    await expect(accept({ token, password: chosen })).resolves.toBeDefined()
  })

  test('links that are unknown, forged, used, declined, revoked or too old, whose inviter may no more or whose organization is gone: one answer', async () => {
    const made: Invited[] = []
    for (let count = 0; count < 8; count++) made.push(await invited(undefined, 'admin'))
    const [used, declined, revoked, demoted, gone, suspended, inactive, late] = made as [
      Invited,
      Invited,
      Invited,
      Invited,
      Invited,
      Invited,
      Invited,
      Invited,
    ]
    await accept({ token: used.token, password: chosen })
    await world().asAnonymous().organizations.declineInvitation({ token: declined.token })
    await revoked.owner.as.organizations.revokeInvitation({ invitationId: revoked.invitationId })
    await world().rows(`update memberships set role = 'member' where user_id = ?`, [uuidOf(demoted.owner.user.id)])
    await world().rows('delete from memberships where user_id = ?', [uuidOf(gone.owner.user.id)])
    await world().rows(`update users set status = 'suspended' where id = ?`, [uuidOf(suspended.owner.user.id)])
    await world().rows(`update organizations set status = 'suspended' where id = ?`, [uuidOf(inactive.organizationId)])
    const forged = `${late.token.slice(0, -60)}${late.token.slice(-60).replace(/./g, 'A')}`
    const before = await world().counts()
    const tokens = [
      ...made.slice(0, -1).map(({ token }) => token),
      forged,
      late.token.slice(0, -1),
      `${late.token}A`,
      'x',
      used.owner.token,
    ]
    const answers: unknown[] = []
    for (const token of tokens) answers.push(...(await everyUseOf(token)))
    expect(await world().asAnonymous().organizations.viewInvitation({ token: late.token })).toMatchObject({ role: 'admin' })
    world().clock.advance(7 * day)
    answers.push(...(await everyUseOf(late.token)))
    expect(answers).toHaveLength(3 * (tokens.length + 1))
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(answers[0]).toMatchObject({ code: invalid.code })
    expect(await world().counts()).toEqual(before)
  })

  async function everyUseOf(token: string): Promise<unknown[]> {
    const { organizations } = world().asAnonymous()
    const calls = [
      () => organizations.viewInvitation({ token }),
      () => organizations.acceptInvitation({ token, password: chosen }),
      () => organizations.declineInvitation({ token }),
    ]
    return Promise.all(
      calls.map((call) =>
        call().catch(({ code, kind, message, details }: { code: string; kind: string; message: string; details: unknown }) => ({
          code,
          kind,
          message,
          details,
        })),
      ),
    )
  }

  test('whose inviter administers the installation stands without a membership; not when that is over', async () => {
    const organizationId = await world().newOrganization()
    const superadmin = await world().asSuperadmin()
    const emails = [newEmail(), newEmail()] as const
    for (const email of emails) await superadmin.as.organizations.invite({ organizationId, email, role: 'owner' })
    await world().work()
    await expect(accept({ token: world().mailer.tokenFor(emails[0]), password: chosen })).resolves.toMatchObject({ role: 'owner' })
    await world().rows(
      `update role_assignments set revoked_at = now() where user_id = ? and role_id <> (select id from roles where name = 'user')`,
      [uuidOf(superadmin.user.id)],
    )
    await expect(accept({ token: world().mailer.tokenFor(emails[1]), password: chosen })).rejects.toMatchObject(invalid)
  })

  test.each(['suspended', 'inactive', 'archived'])('an account that is %s cannot accept', async (status) => {
    const user = await world().newUser({ emailVerified: true })
    const { token } = await invited(user.email ?? '')
    await world().rows(`update users set status = ?, archived_at = case when ? = 'archived' then now() end where id = ?`, [
      status,
      status,
      uuidOf(user.id),
    ])
    const before = await world().counts()
    await expect(accept({ token, password: chosen })).rejects.toMatchObject({ code: 'organizations.accountInactive', kind: 'denied' })
    expect(await world().counts()).toEqual(before)
  })

  test('whoever is a member already stays what they are', async () => {
    const self = await world().signUp({ emailVerified: true })
    const { organizationId, token } = await invited(self.user.email ?? '', 'owner')
    await world().join(organizationId, self.user, 'member')
    await expect(accept({ token })).rejects.toMatchObject({ code: 'organizations.alreadyMember' })
    expect(await membershipOf(self.user.id)).toMatchObject([{ role: 'member' }])
  })

  test('a new account whose default organization it is gets the role of the invitation', async () => {
    const { organizationId, token } = await invited(undefined, 'admin')
    const [row] = await world().rows<{ slug: string }>('select slug from organizations where id = ?', [uuidOf(organizationId)])
    const core = world().another({ settings: { defaultOrganization: row?.slug ?? '' } })
    const { userId } = await core.as({ kind: 'anonymous' }).organizations.acceptInvitation({ token, password: chosen })
    expect(await membershipOf(userId)).toEqual([{ organization: uuidOf(organizationId), role: 'admin' }])
  })

  test('a full organization takes nobody, and the invitation stays', async () => {
    const { organizationId, token } = await invited()
    await world().rows('update organizations set seat_limit = 1 where id = ?', [uuidOf(organizationId)])
    const before = await world().counts()
    await expect(accept({ token, password: chosen })).rejects.toMatchObject({ code: 'organizations.seatsTaken' })
    expect({ ...(await world().counts()), audit_entries: 0 }).toEqual({ ...before, audit_entries: 0 })
    await world().rows('update organizations set seat_limit = 2 where id = ?', [uuidOf(organizationId)])
    await expect(accept({ token, password: chosen })).resolves.toMatchObject({ accountCreated: true })
  })
})
