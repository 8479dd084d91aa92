import { newEmail, queuedJobs, useWorld, type SignedInUser } from '@denizen/core/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Id } from '../kernel/id.ts'

const world = useWorld()
const hour = 60 * 60 * 1000

describe('ABUSE 74: invitations of one organization do not hold up another’s', () => {
  beforeEach(() => world().clock.advance(hour)) // budgets of their own

  async function place(): Promise<{ organizationId: Id<'org'>; owner: SignedInUser }> {
    const organizationId = await world().newOrganization()
    return { organizationId, owner: await world().asMember(organizationId, 'owner') }
  }
  const tooMany = (of: string) => ({ code: 'mail.tooMany', kind: 'limited', details: { of, retryAfter: expect.any(Number) } })

  it('S6: one address gets few of one organization, and not many of all', async () => {
    const [{ organizationId, owner }, another] = [await place(), await place()]
    const email = newEmail()
    for (let count = 0; count < 5; count++) await owner.as.organizations.invite({ organizationId, email })
    await expect(owner.as.organizations.invite({ organizationId, email })).rejects.toMatchObject(tooMany('this address'))
    // Another organization is not kept from it.
    await another.owner.as.organizations.invite({ organizationId: another.organizationId, email })
    await world().work()
    // A renewal voids the link before: of the five, the last is mailed.
    expect(world().mailer.sent.filter(({ to }) => to === email)).toHaveLength(2)
    world().clock.advance(hour)
    const { as } = await world().signIn(owner.user)
    await as.organizations.invite({ organizationId, email })
  })

  it('S6: an inviter, an organization and a network have so many sent; the operator is not counted', async () => {
    const { organizationId, owner } = await place()
    const invite = (who: SignedInUser) => who.as.organizations.invite({ organizationId, email: newEmail() })
    const second = await world().asMember(organizationId, 'admin')
    for (let count = 0; count < 100; count++) await invite(owner)
    await expect(invite(owner)).rejects.toMatchObject(tooMany('you'))
    for (let count = 0; count < 100; count++) await invite(second)
    await expect(invite(await world().asMember(organizationId, 'admin'))).rejects.toMatchObject(tooMany('this organization'))
    await world().asSystem().organizations.invite({ organizationId, email: newEmail() })
    await queuedJobs(world().em(), { take: true })
  })

  it('S6: whoever has not proved their own address invites nobody', async () => {
    const founder = await world().signUp()
    const { id: organizationId } = await founder.as.organizations.create({ name: 'Fresh', slug: crypto.randomUUID() })
    const invite = () => founder.as.organizations.invite({ organizationId, email: newEmail() })
    await expect(invite()).rejects.toMatchObject({ code: 'organizations.proveAddressFirst', kind: 'denied' })
    await world().asSystem().users.update({ userId: founder.user.id, emailVerified: true })
    await expect(invite()).resolves.toMatchObject({ state: 'pending' })
  })

  it('S6: the mail names the inviter, and no web address that somebody put into a name', async () => {
    const founder = await world().signUp({ emailVerified: true })
    for (const [name, shown] of [
      ['Visit https://evil.example/pay?x=1 now', 'Visit evil·example now'],
      ['www.evil.example', 'www·evil·example'],
      ['evil.example/path', 'evil·example'],
      ['javascript://evil', 'evil'],
      ['Dr. Müller & Söhne, St. Gallen', 'Dr. Müller & Söhne, St. Gallen'],
      ['//evil.example', 'evil·example'],
    ] as const) {
      const { id: organizationId } = await founder.as.organizations.create({ name, slug: crypto.randomUUID() })
      const email = newEmail()
      await founder.as.organizations.invite({ organizationId, email })
      await world().work()
      const mail = world().mailer.sent.findLast(({ to }) => to === email)
      expect(mail?.subject).toBe(`You are invited to join “${shown}”`)
      expect(mail?.text).toContain(`${founder.user.email ?? ''} invites ${email} to join the organization “${shown}” as a member.`)
      expect(mail?.text).not.toContain('evil.example')
    }
  })
})
