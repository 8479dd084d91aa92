import { userActor } from '@denizen/core'
import { newEmail, password, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

const world = useWorld()

describe('O2: without a mail server', () => {
  test.each<[action: string, call: () => Promise<() => Promise<unknown>>]>([
    ['auth.signUp', async () => () => world().asAnonymous().auth.signUp({ email: newEmail(), password })],
    ['auth.requestPasswordReset', async () => () => world().asAnonymous().auth.requestPasswordReset({ email: newEmail() })],
    [
      'auth.requestPasswordReset of somebody who is there',
      async () => {
        const { user } = await world().signUp()
        return () =>
          world()
            .asAnonymous()
            .auth.requestPasswordReset({ email: user.email ?? '' })
      },
    ],
    ['auth.requestMagicLink', async () => () => world().asAnonymous().auth.requestMagicLink({ email: newEmail() })],
    ['auth.requestEmailCode', async () => () => world().asAnonymous().auth.requestEmailCode({ email: newEmail() })],
    [
      'auth.requestEmailVerification',
      async () => {
        const { as } = await world().signUp({ emailVerified: false })
        return () => as.auth.requestEmailVerification({})
      },
    ],
    [
      'auth.sendSetupLink',
      async () => {
        const { user } = await world().signUp()
        return () => world().asSystem().auth.sendSetupLink({ userId: user.id })
      },
    ],
    [
      'auth.claimAnonymous',
      async () => {
        const { accessToken } = await world().asAnonymous().auth.createAnonymous()
        const principal = await world().core.authenticate(accessToken)
        if (principal === null) throw new Error('a new token opens nothing')
        const guest = world().core.as(userActor(principal))
        return () => guest.auth.claimAnonymous({ email: newEmail() })
      },
    ],
  ])('%s says so at once, and nothing is kept', async (_, prepare) => {
    const call = await prepare()
    const before = await world().counts()
    world().mailer.isConfigured = false
    try {
      await expect(call()).rejects.toMatchObject({ code: 'mail.notConfigured', message: expect.stringContaining('DENIZEN_SMTP_URL') })
    } finally {
      world().mailer.isConfigured = true
    }
    expect((await world().counts())['verifications']).toBe(before['verifications'])
  })
})
