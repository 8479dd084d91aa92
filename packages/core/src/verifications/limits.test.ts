import { newEmail, password, queuedJobs, useWorld, type SignedInUser } from '@denizen/core/testing'
import { beforeEach, describe, expect, it } from 'vitest'

const world = useWorld()
const hour = 60 * 60 * 1000
beforeEach(() => world().clock.advance(hour)) // budgets of their own

const from = (ip: string) => world().core.as({ kind: 'anonymous' }, { ip, remote: true }).auth
let networks = 0
const elsewhere = () => `10.${Math.floor(++networks / 256) % 256}.${networks % 256}.1`
const jobs = async (name: string) => (await queuedJobs(world().em(), { take: true })).filter((job) => job.name === name).length

async function mailsTo(email: string): Promise<number> {
  const before = world().mailer.sent.filter(({ to }) => to === email).length
  await world().work()
  return world().mailer.sent.filter(({ to }) => to === email).length - before
}

describe('ABUSE 63: strangers are bounded on their own side', () => {
  let owner: SignedInUser
  let email: string
  beforeEach(async () => {
    owner = await world().signUp({ emailVerified: true })
    email = owner.user.email ?? ''
    const at = world().core.as({ kind: 'anonymous' }, { ip: '203.0.113.9', remote: true })
    await at.auth.signIn({ identifier: email, password })
  })

  it('S5: ten mails that strangers asked for leave the owner’s own reset, link and code alone', async () => {
    for (let count = 0; count < 10; count++) await from(count < 5 ? '198.51.100.1' : '198.51.100.2').requestEmailCode({ email })
    await mailsTo(email)
    // Elsewhere, for something else; and for the same where the owner has signed in.
    await from('192.0.2.77').requestPasswordReset({ email })
    await from('192.0.2.77').requestMagicLink({ email })
    await from('203.0.113.9').requestEmailCode({ email })
    expect(await mailsTo(email)).toBe(3)
  })

  it('S5: nor does a flood from many networks, by whoever has them cheaply', async () => {
    for (let network = 0; network < 80; network++) await from(`2001:db8:1:${network.toString(16)}::1`).requestEmailCode({ email })
    expect(await mailsTo(email)).toBe(11) // one of the neighbourhood, and ten further ones
    await from('192.0.2.78').requestEmailCode({ email })
    expect(await mailsTo(email)).toBe(1)
    for (let count = 0; count < 10; count++) await from('203.0.113.9').requestEmailCode({ email })
    expect(await mailsTo(email)).toBe(5)
  })

  it('S5: what one account asks for does not count against another that has the address', async () => {
    const [first, second] = [await world().signUp(), await world().signUp()]
    for (let count = 0; count < 8; count++) await first.as.auth.requestEmailVerification({})
    expect(await mailsTo(first.user.email ?? '')).toBe(5)
    await second.as.auth.requestEmailVerification({})
    expect(await mailsTo(second.user.email ?? '')).toBe(1)
  })
})

describe('R3: what is not to be mailed costs no job of the queue that mails', () => {
  it('R3: addresses that nobody has, and requests beyond the limits', async () => {
    await queuedJobs(world().em(), { take: true })
    for (let count = 0; count < 4; count++) {
      await from(elsewhere()).requestEmailCode({ email: newEmail() })
      await from(elsewhere()).requestPasswordReset({ email: newEmail() })
    }
    const { email } = await world().newUser({ emailVerified: true })
    const ip = elsewhere()
    for (let count = 0; count < 7; count++) await from(ip).requestMagicLink({ email: email ?? '' })
    expect(await jobs('verifications.mail')).toBe(5)
  })

  it('R3: a network that has had 200 mails sent is told to wait, before anything is written', async () => {
    const ip = elsewhere()
    for (let count = 0; count < 200; count++) await from(ip).requestEmailCode({ email: newEmail() })
    const before = await world().counts()
    await expect(from(ip).requestEmailCode({ email: newEmail() })).rejects.toMatchObject({
      code: 'mail.tooMany',
      kind: 'limited',
      details: { retryAfter: expect.any(Number) },
    })
    expect((await world().counts())['verifications']).toBe(before['verifications'])
    await from(elsewhere()).requestEmailCode({ email: newEmail() })
  })
})
