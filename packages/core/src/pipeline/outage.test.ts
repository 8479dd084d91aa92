import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { fetchingWeb, type Monitor } from '@denizen/core'
import { TestProvider, useWorld } from '@denizen/core/testing'
import { describe, expect, test } from 'vitest'

describe('72: a database that is there, and fails a call', () => {
  const states: string[] = []
  const monitor: Monitor = { observe: () => {}, databaseFailed: (state) => void states.push(state) }
  const world = useWorld({ defaults: { statement_timeout: '1s' }, monitors: [monitor] })

  /** Runs a call that the database fails; gives its error, and what operators were told of it. */
  async function failing(call: () => Promise<unknown>) {
    states.length = 0
    world().logger.lines.length = 0
    const error: unknown = await call().then(
      () => null,
      (thrown: unknown) => thrown,
    )
    return { error, states: [...states], lines: world().logger.lines.map(({ message, fields }) => ({ message, state: fields?.['state'] })) }
  }

  test('R8: a statement that waits too long is a database that is busy, with its SQLSTATE in log and metrics', async () => {
    const holder = await world().connect()
    await holder.query('begin; lock table users')
    const told = await failing(() => world().asSystem().users.create({ username: 'ada' }))
    await holder.query('rollback')
    expect(told).toMatchObject({
      error: { code: 'request.databaseBusy', kind: 'unavailable' },
      states: ['57014'],
      lines: [{ message: 'the database failed an action', state: '57014' }],
    })
  })
})

describe('another server that is away, while the database is there', () => {
  const states: string[] = []
  const monitor: Monitor = { observe: () => {}, databaseFailed: (state) => void states.push(state) }
  const gone = TestProvider.configured('gone')
  const world = useWorld({ settings: { identityProviders: [gone] }, monitors: [monitor] })

  test('is none of the database: an identity provider that is stopped is called that, with the cause', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    world().ports.web.sites.set(gone.issuer, (request) => fetchingWeb().ask({ ...request, url: `http://127.0.0.1:${port}/` }))
    world().logger.lines.length = 0
    await expect(world().asAnonymous().auth.startOAuth({ provider: 'gone' })).rejects.toMatchObject({
      code: 'identities.providerUnavailable',
      kind: 'unavailable',
    })
    expect(states).toEqual([])
    expect(world().logger.lines.map(({ message, fields }) => ({ message, cause: fields?.['cause'] }))).toEqual([
      { message: 'An identity provider does not work as it should.', cause: expect.stringMatching(/refused/i) }, // in the words of Node or Deno
    ])
  })
})
