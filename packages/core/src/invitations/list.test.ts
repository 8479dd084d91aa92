import { bothDatabases, newEmail, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'
import { uuidOf } from '../kernel/id.ts'

describe.each(bothDatabases)('invitations of an organization, and to oneself, on %s', (database) => {
  const world = useWorld({ database })
  const shape = ({ code, message, details }: { code: string; message: string; details: unknown }) => ({ code, message, details })

  test('an organization sees its own, newest first, by state and page by page', async () => {
    const organizationId = await world().newOrganization()
    const admin = await world().asMember(organizationId, 'admin')
    const ids: string[] = []
    for (let count = 0; count < 5; count++) {
      world().clock.advance(1000)
      ids.unshift((await admin.as.organizations.invite({ organizationId, email: newEmail() })).id)
    }
    const elsewhere = await world().newOrganization()
    await world().asSystem().organizations.invite({ organizationId: elsewhere, email: newEmail() })
    const seen: string[] = []
    let cursor: string | null | undefined
    do {
      const page = await admin.as.organizations.listInvitations({ organizationId, limit: 2, ...(cursor && { cursor }) })
      expect(page.items.length).toBeLessThanOrEqual(2)
      seen.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(seen).toEqual(ids)
    const [first, second] = ids as [`inv_${string}`, `inv_${string}`]
    await admin.as.organizations.revokeInvitation({ invitationId: first })
    await world().rows('update invitations set declined_at = now() where id = ?', [uuidOf(second)])
    const byState = async (state: 'pending' | 'revoked' | 'declined' | 'expired' | 'accepted') =>
      (await admin.as.organizations.listInvitations({ organizationId, state })).items.map(
        ({ id, state: shown }) => (expect(shown).toBe(state), id),
      )
    expect(await byState('pending')).toEqual(ids.slice(2))
    expect(await byState('revoked')).toEqual([first])
    expect(await byState('declined')).toEqual([second])
    expect(await byState('expired')).toEqual([])
    world().clock.advance(7 * 24 * 60 * 60 * 1000)
    const later = await world().asSystem().organizations.listInvitations({ organizationId, state: 'expired' })
    expect(later.items.map(({ id }) => id)).toEqual(ids.slice(2))
    expect((await world().asSystem().organizations.listInvitations({ organizationId, state: 'accepted' })).items).toEqual([])
  })

  test('of another organization they are not there: no list, no cursor, no revocation', async () => {
    const [organizationId, elsewhere] = [await world().newOrganization(), await world().newOrganization()]
    const [admin, stranger] = [await world().asMember(organizationId, 'admin'), await world().asMember(elsewhere, 'owner')]
    const [one] = [
      await admin.as.organizations.invite({ organizationId, email: newEmail() }),
      await admin.as.organizations.invite({ organizationId, email: newEmail() }),
    ]
    const listing = (id: string) => stranger.as.organizations.listInvitations({ organizationId: id as typeof organizationId }).catch(shape)
    expect(await listing(organizationId)).toEqual(await listing('org_01j0000000e008000000000001'))
    const revoking = (id: string) => stranger.as.organizations.revokeInvitation({ invitationId: id as typeof one.id }).catch(shape)
    expect(await revoking(one.id)).toEqual(await revoking('inv_01j0000000e008000000000001'))
    expect(await revoking(one.id)).toMatchObject({ code: 'request.notFound' })
    const { nextCursor } = await admin.as.organizations.listInvitations({ organizationId, limit: 1 })
    await expect(stranger.as.organizations.listInvitations({ organizationId: elsewhere, cursor: nextCursor ?? '' })).rejects.toMatchObject({
      details: { issues: [{ path: 'cursor' }] },
    })
    expect((await admin.as.organizations.listInvitations({ organizationId })).items).toMatchObject([
      { state: 'pending' },
      { state: 'pending' },
    ])
  })

  test('a member neither lists nor revokes', async () => {
    const organizationId = await world().newOrganization()
    const [admin, member] = [await world().asMember(organizationId, 'admin'), await world().asMember(organizationId)]
    const { id } = await admin.as.organizations.invite({ organizationId, email: newEmail() })
    await expect(member.as.organizations.listInvitations({ organizationId })).rejects.toMatchObject({ code: 'request.denied' })
    await expect(member.as.organizations.revokeInvitation({ invitationId: id })).rejects.toMatchObject({ code: 'request.notFound' })
  })

  test('one sees those to the address that one has proved, as long as they can be answered', async () => {
    const email = newEmail()
    const organizations = [await world().newOrganization(), await world().newOrganization(), await world().newOrganization()]
    for (const organizationId of organizations) await world().asSystem().organizations.invite({ organizationId, email })
    await world()
      .asSystem()
      .organizations.invite({ organizationId: organizations[0] ?? 'org_', email: newEmail() })
    const self = await world().signUp({ email })
    expect((await self.as.organizations.listInvitations()).items, 'not proved yet').toEqual([])
    await world().rows('update users set email_verified = true where id = ?', [uuidOf(self.user.id)])
    const { items } = await self.as.organizations.listInvitations()
    expect(items.map(({ organizationId }) => organizationId).toSorted()).toEqual(organizations.toSorted())
    expect(new Set(items.map((item) => item.email))).toEqual(new Set([email]))
    const [first, second, third] = items
    if (first === undefined || second === undefined || third === undefined) throw new Error('there are three')
    await self.as.organizations.declineInvitation({ invitationId: first.id })
    await world().rows(`update organizations set status = 'archived' where id = ?`, [uuidOf(second.organizationId)])
    expect((await self.as.organizations.listInvitations({ state: 'pending' })).items.map(({ id }) => id)).toEqual([third.id])
    await expect(self.as.organizations.listInvitations({ state: 'accepted' })).rejects.toMatchObject({
      details: { issues: [{ path: 'state' }] },
    })
    await expect(world().asAnonymous().organizations.listInvitations()).rejects.toMatchObject({ code: 'request.unauthenticated' })
    expect((await world().asSystem().organizations.listInvitations()).items).toEqual([])
  })

  test('what was answered or taken back cannot be taken back', async () => {
    const organizationId = await world().newOrganization()
    const admin = await world().asMember(organizationId, 'admin')
    const email = newEmail()
    const { id } = await admin.as.organizations.invite({ organizationId, email })
    expect(await admin.as.organizations.revokeInvitation({ invitationId: id })).toMatchObject({ id, email, state: 'revoked' })
    await expect(admin.as.organizations.revokeInvitation({ invitationId: id })).rejects.toMatchObject({
      code: 'organizations.invitationAnswered',
      kind: 'conflict',
      details: { state: 'revoked' },
    })
    const again = await admin.as.organizations.invite({ organizationId, email })
    expect(again.id, 'a new one, for the old one is over').not.toBe(id)
  })
})
