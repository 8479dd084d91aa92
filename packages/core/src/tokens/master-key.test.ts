import { anonymousActor, defaultPorts, systemActor, type Core } from '@denizen/core'
import { enrolAuthenticator, newEmail, password, queuedJobs, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

describe('R6: with another master key than the one in use', () => {
  const world = useWorld()
  const elsewhere = async (): Promise<Core> => {
    const { cipher } = await defaultPorts(new Uint8Array(32).fill(99))
    return world().another({ ports: { cipher } })
  }

  test('O4: nothing starts, and nothing is written', async () => {
    const before = await world().counts()
    await expect((await elsewhere()).start()).rejects.toMatchObject({ code: 'config.masterKeyWrong', kind: 'invalid' })
    expect(await world().counts()).toEqual(before)
    await world().core.start()
  })

  test('the right code of an authenticator is not called wrong, and not counted against the user', async () => {
    const ada = await world().signUp()
    const app = await enrolAuthenticator(world(), ada)
    const asked = await world().asAnonymous().auth.signIn({ identifier: ada.user.id, password })
    const { challenge } = asked as unknown as { challenge: string }
    const answer = { challenge, totp: app.code() }
    const stranger = (await elsewhere()).as(anonymousActor)
    const counted = await world().rows('select * from throttles order by key')
    for (let count = 0; count < 2; count++)
      await expect(stranger.auth.completeSignIn(answer)).rejects.toMatchObject({ code: 'request.sealedElsewhere', kind: 'unavailable' })
    expect(await world().rows('select * from throttles order by key')).toEqual(counted)
    expect(await world().asAnonymous().auth.completeSignIn(answer)).toMatchObject({ accessToken: expect.any(String) })
  })

  test('mails are not lost: their jobs fail, to be done by somebody with the right key', async () => {
    const organizationId = await world().newOrganization()
    await world().asSystem().organizations.invite({ organizationId, email: newEmail() })
    const ada = await world().newUser({ emailVerified: true })
    await world()
      .asAnonymous()
      .auth.requestMagicLink({ email: ada.email ?? '' })
    await world()
      .asAnonymous()
      .auth.requestEmailCode({ email: ada.email ?? '' })
    const stranger = await elsewhere()
    const jobs = await queuedJobs(world().em(), { take: false })
    expect(jobs.map(({ name }) => name).toSorted()).toEqual(['invitations.mail', 'verifications.mail', 'verifications.mail'])
    const sent = world().mailer.sent.length
    for (const { name, payload } of jobs)
      await expect(stranger.work(name, payload)).rejects.toMatchObject({ code: 'request.sealedElsewhere' })
    await world().work()
    expect(world().mailer.sent).toHaveLength(sent + 3)
    expect(await stranger.as(systemActor('test')).users.get({ userId: ada.id })).toMatchObject({ id: ada.id })
  })
})
