import { describe, expect, it } from 'vitest'
import { domainOf, useServer } from './testing/server.ts'

const served = useServer()

/** Somebody who may make so many calls in a minute, and how they show who they are. */
async function limitedTo(requestsPerMinute: number) {
  const { world } = served()
  const ada = await world.newUser()
  const policy = await world
    .asSystem()
    .policies.create({ name: `at-most-${crypto.randomUUID().slice(0, 8)}`, limits: { requestsPerMinute } })
  await world.asSystem().policies.assign({ policyId: policy.id, userId: ada.id })
  const { token } = await world.signIn(ada)
  world.clock.advance(60_000 - (world.clock.now().getTime() % 60_000))
  return { authorization: `Bearer ${token}` }
}

const ask = async (headers: Record<string, string>) => served().get('/trpc/sessions.whoami', headers)

describe('calls in a minute over HTTP', () => {
  it('40: says 429, when to come again, and what the limit is; answers that are kept in memory count too', async () => {
    const headers = await limitedTo(12)
    const statuses: number[] = []
    for (let call = 0; call < 20; call++) statuses.push((await ask(headers)).status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(12)
    expect(statuses.slice(12)).toEqual(Array.from({ length: 8 }, () => 429))
    served().world.clock.advance(17_500)
    const reply = await ask(headers)
    expect(domainOf(reply)).toEqual({ code: 'policies.tooManyRequests', kind: 'limited', details: { limit: 12, retryAfter: 43 } })
    const told = ['retry-after', 'ratelimit', 'ratelimit-policy'].map((name) => reply.headers.get(name))
    expect(told).toEqual(['43', '"minute";r=0;t=43', '"minute";q=12;w=60'])
    served().world.clock.advance(42_500)
    expect((await ask(headers)).status).toBe(200)
  })

  it('is the same for plain resources', async () => {
    const headers = await limitedTo(1)
    expect((await served().get('/users/current', headers)).status).toBe(200)
    const reply = await served().get('/users/current', headers)
    expect([reply.status, reply.headers.get('retry-after'), reply.headers.get('content-type')]).toEqual([
      429,
      '60',
      'application/problem+json',
    ])
  })

  it('38: counts each call of a batch', async () => {
    const headers = await limitedTo(3)
    const names = Array.from({ length: 5 }, () => 'sessions.whoami').join(',')
    const reply = await served().get(`/trpc/${names}?batch=1&input=${encodeURIComponent('{}')}`, headers)
    const answers = reply.json<readonly { error?: { json: { data: { httpStatus: number } } } }[]>()
    expect([reply.status, answers.map(({ error }) => error?.json.data.httpStatus ?? 200).sort((one, other) => one - other)]).toEqual([
      207,
      [200, 200, 200, 429, 429],
    ])
    expect(reply.headers.get('retry-after')).toBe('60')
  })

  it('counts questions about access, wherever they are answered from', async () => {
    const headers = await limitedTo(3)
    const question = `/trpc/access.check?input=${encodeURIComponent(JSON.stringify({ json: { permission: 'document.read' } }))}`
    const statuses: number[] = []
    for (let call = 0; call < 5; call++) statuses.push((await served().get(question, headers)).status)
    expect(statuses).toEqual([200, 200, 200, 429, 429])
  })
})
