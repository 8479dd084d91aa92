import type { InputOf, Signatures } from '@denizen/core'
import { newEmail, useWorld } from '@denizen/core/testing'
import { expect, test } from 'vitest'

const world = useWorld()
const chosen = 'another correct horse battery'
const invalid = { code: 'organizations.invitationInvalid', kind: 'notFound' }

async function invited(): Promise<{ email: string; token: string }> {
  const email = newEmail()
  await world()
    .asSystem()
    .organizations.invite({ organizationId: await world().newOrganization(), email })
  await world().work()
  return { email, token: world().mailer.tokenFor(email) }
}

type Acceptance = InputOf<Signatures['organizations']['acceptInvitation']>
const accept = (input: Acceptance) => world().asAnonymous().organizations.acceptInvitation(input)

test.each([
  ['neither token nor id', {}],
  ['both', { token: 'x', invitationId: 'inv_01j0000000e008000000000001' }],
  ['a role of its own choice', { token: 'x', role: 'owner' }],
  ['another address', { token: 'x', email: 'eve@example.com' }],
  ['an empty password', { token: 'x', password: '' }],
])('refuses an input with %s', async (_what, input) => {
  await expect(accept(input as Acceptance)).rejects.toMatchObject({ code: 'request.invalid' })
})

test.each([
  ['wheelbarrow 9', 'passwords.tooShort'],
  ['sunshinesunshine', 'passwords.tooCommon'],
])('the password %j may not be chosen, and the link stays good', async (weak, code) => {
  const { token } = await invited()
  await expect(accept({ token, password: weak })).rejects.toMatchObject({ code })
  await expect(accept({ token, password: chosen })).resolves.toMatchObject({ accountCreated: true })
})

test('bad links cost no hash: they are looked at first', async () => {
  let hashes = 0
  const { hasher } = world().ports
  const counting = { ...hasher, hash: (text: string) => (hashes++, hasher.hash(text)) }
  const anonymous = world()
    .another({ ports: { hasher: counting } })
    .as({ kind: 'anonymous' })
  const { token } = await invited()
  await expect(anonymous.organizations.acceptInvitation({ token: `${token}A`, password: chosen })).rejects.toMatchObject(invalid)
  expect(hashes).toBe(0)
  await anonymous.organizations.acceptInvitation({ token, password: chosen })
  expect(hashes).toBe(1)
})

test('everything that happened is told, and no address or secret with it', async () => {
  const { token, email } = await invited()
  const { userId } = await accept({ token, password: chosen })
  const [event] = await world().rows<{ payload: object }>(
    `select payload from events where type = 'invitations.accepted' and payload->>'userId' = ?`,
    [userId],
  )
  expect(event?.payload).toMatchObject({ userId, role: 'member', accountCreated: true })
  const joined = await world().rows(
    `select payload->>'role' as role from events where type = 'organizations.memberAdded' and subject = ?`,
    [userId],
  )
  expect(joined).toEqual([{ role: 'member' }])
  const [entry] = await world().rows(
    `select * from audit_entries where action = 'organizations.acceptInvitation' and changes->>'userId' = ?`,
    [userId],
  )
  expect(entry).toMatchObject({ target_type: 'invitation', outcome: 'succeeded', actor_kind: 'anonymous' })
  for (const hidden of [token.slice(-49), chosen, email]) expect(JSON.stringify([event, entry])).not.toContain(hidden)
})
