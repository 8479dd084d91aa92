import { anonymousActor, systemActor, userActor, type DenizenError, type Settings } from '@denizen/core'
import { newEmail, password, useWorld, type SignedInUser } from '@denizen/core/testing'
import { describe, expect, it } from 'vitest'

const codeOf = (call: Promise<unknown>) =>
  call.then(
    () => 'done',
    (error: DenizenError) => error.code,
  )

describe('S25: who makes accounts', () => {
  const world = useWorld()
  const under = (signUp: Settings['signUp']) => world().another({ settings: { signUp } })
  const name = () => `user-${crypto.randomUUID().slice(0, 12)}`

  /** Somebody who founded an organization, and what they do under a setting. */
  async function founder(signUp: Settings['signUp'], founding: SignedInUser) {
    const core = under(signUp)
    const as = core.as(userActor(founding.principal))
    const { id: organizationId } = await as.organizations.create({ name: 'Founded' })
    const principal = await core.authenticate(founding.token)
    if (principal === null) throw new Error('who founds an organization stays signed in')
    return { organizationId, as: core.as(userActor(principal)), anybody: core.as(anonymousActor) }
  }

  /** Whether somebody without an account gets one by an invitation. */
  async function byInvitation({ organizationId, as, anybody }: Awaited<ReturnType<typeof founder>>) {
    const email = newEmail()
    await as.organizations.invite({ organizationId, email, role: 'member' })
    await world().work()
    return codeOf(anybody.organizations.acceptInvitation({ token: world().mailer.tokenFor(email), password }))
  }

  it.each([
    { signUp: 'open', byOrganizations: 'done', bySignUp: 'done' },
    { signUp: 'invited', byOrganizations: 'done', bySignUp: 'auth.signUpClosed' },
    { signUp: 'closed', byOrganizations: 'auth.signUpClosed', bySignUp: 'auth.signUpClosed' },
  ] as const)(
    'where sign-up is $signUp: whoever founds an organization, $byOrganizations',
    async ({ signUp, byOrganizations, bySignUp }) => {
      const there = await founder(signUp, await world().signUp({ emailVerified: true }))
      const { organizationId, as, anybody } = there
      expect(await codeOf(as.users.create({ organizationId, username: name() }))).toBe(byOrganizations)
      const { failed } = await as.users.bulkCreate({ organizationId, users: [{ username: name() }] })
      expect(failed.map(({ code }) => code)).toEqual(byOrganizations === 'done' ? [] : [byOrganizations])
      expect(await byInvitation(there)).toBe(byOrganizations)
      expect(await codeOf(anybody.auth.signUp({ email: newEmail(), password }))).toBe(bySignUp)
      expect(await codeOf(anybody.auth.createAnonymous({}))).toBe(bySignUp === 'done' ? 'done' : 'auth.anonymousClosed')
    },
  )

  it('where sign-up is closed, operators make accounts, and who has one joins by an invitation', async () => {
    const core = under('closed')
    expect(await codeOf(core.as(systemActor('test')).users.create({ username: name() }))).toBe('done')
    const operator = await founder('closed', await world().asSuperadmin())
    expect(await codeOf(operator.as.users.create({ organizationId: operator.organizationId, username: name() }))).toBe('done')
    expect(await byInvitation(operator)).toBe('done')
    const { organizationId, as } = await founder('closed', await world().signUp({ emailVerified: true }))
    const member = await world().signUp({ emailVerified: true })
    await as.organizations.invite({ organizationId, email: member.user.email ?? '', role: 'member' })
    await world().work()
    const token = world().mailer.tokenFor(member.user.email ?? '')
    expect(await codeOf(core.as(userActor(member.principal)).organizations.acceptInvitation({ token }))).toBe('done')
  })
})
