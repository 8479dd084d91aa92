import { enrolAuthenticator, password } from '@denizen/core/testing'
import { describe, expect, it } from 'vitest'
import { domainOf, useServer, type Reply } from './testing/server.ts'

const served = useServer()
const attempt = (identifier: string, typed: string): Promise<Reply> =>
  served().post('/trpc/auth.signIn', { json: { identifier, password: typed } }, { 'content-type': 'application/json' })

/** What a stranger can tell two answers apart by. */
function told(reply: Reply) {
  const { error } = reply.json<{ error: { json: { data: Record<string, unknown> } } }>()
  const { requestId: _, ...data } = error.json.data
  const headers = [...reply.headers].filter(([name]) => !['date', 'x-request-id'].includes(name))
  return { status: reply.status, headers, length: reply.text.length, error: { ...error.json, data } }
}

describe('signing in over HTTP', () => {
  it('25: answers alike, in text, status and headers, whoever is asked for and whatever is wrong', async () => {
    const { world } = served()
    const [ada, gone, robot] = [await world.newUser(), await world.newUser(), await world.asSystem().users.create({ username: 'robot' })]
    await world.asSystem().users.setStatus({ userId: gone.id, status: 'suspended' })
    const answers = [
      await attempt(ada.username, 'wrong'),
      await attempt('nobody', 'wrong'),
      await attempt('nobody@example.com', 'wrong'),
      await attempt('no body \u0000', 'wrong'),
      await attempt(gone.username, password),
      await attempt(gone.username, 'wrong'),
      await attempt(robot?.username ?? '', 'wrong'),
    ].map(told)
    expect(answers[0]).toMatchObject({ status: 401, error: { message: 'The user or the password is wrong.' } })
    for (const answer of answers) expect(answer).toEqual(answers[0])
  })

  it('says 429 with Retry-After after too many failures, for whom there is and for whom there is not', async () => {
    const ada = await served().world.newUser()
    for (const identifier of [ada.username, 'nobody-at-all']) {
      for (let count = 0; count < 5; count++) expect((await attempt(identifier, 'wrong')).status).toBe(401)
      const reply = await attempt(identifier, password)
      expect([reply.status, reply.headers.get('retry-after'), domainOf(reply)]).toEqual([
        429,
        '1',
        { code: 'auth.tooManyAttempts', kind: 'limited', details: { retryAfter: 1 } },
      ])
    }
  })

  it('goes on with a second factor, and takes no session from whoever sends one along', async () => {
    const { world, stranger, post } = served()
    const ada = await world.signUp()
    const app = await enrolAuthenticator(world, ada)
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${stranger.token}` }
    const begun = await post('/trpc/auth.signIn', { json: { identifier: ada.user.email, password } }, headers)
    const { json: half } = begun.json<{ result: { data: { json: { status: string; challenge: string } } } }>().result.data
    expect([begun.status, half.status]).toEqual([200, 'factorRequired'])
    const complete = (totp: string) => post('/trpc/auth.completeSignIn', { json: { challenge: half.challenge, totp } }, headers)
    const wrong = await complete(app.wrongCode())
    expect([wrong.status, domainOf(wrong)]).toMatchObject([401, { code: 'auth.wrongFactor', details: { attemptsLeft: 4 } }])
    const done = await complete(app.code())
    const { json: whole } = done.json<{ result: { data: { json: { accessToken: string } } } }>().result.data
    expect((await world.core.authenticate(whole.accessToken))?.userId).toBe(ada.user.id)
    expect((await world.core.authenticate(stranger.token))?.userId).toBe(stranger.user.id)
  })
})
