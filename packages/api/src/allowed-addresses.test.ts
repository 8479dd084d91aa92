import type { IncomingMessage } from 'node:http'
import { password, type SignedInUser } from '@denizen/core/testing'
import { describe, expect, it } from 'vitest'
import { TrustedProxies } from './addresses.ts'
import { callerOf, contextOf } from './context.ts'
import { bearer, domainOf, inputOf, signIn, useServer, type Served } from './testing/server.ts'

/** Everything in these tests comes from 127.0.0.1: with it as a proxy, the header says who calls. */
const proxied = useServer({ trustedProxies: ['127.0.0.0/8', '::1', '10.0.0.0/8'] })
const direct = useServer()
const networks = ['192.0.2.0/24', '2001:db8:0:1::/64']

async function restricted({ world }: Served, allowedIps = networks): Promise<SignedInUser> {
  const ada = await world.signUp()
  await world.asSystem().users.update({ userId: ada.user.id, allowedIps })
  return ada
}

const via = (forwardedFor: string) => ({ 'x-forwarded-for': forwardedFor })
const denied = { code: 'auth.addressNotAllowed', kind: 'denied' }

describe('ABUSE 36, 37: who may act from some addresses only, behind a trusted proxy', () => {
  it.each([
    '192.0.2.9',
    '::ffff:192.0.2.9',
    '::FFFF:C000:0209',
    '2001:DB8:0:1::1',
    '2001:db8:0:1:ffff:ffff:ffff:ffff',
    '192.0.2.9:4711',
    '[2001:db8:0:1::1]:443',
    '6.6.6.6, 192.0.2.9',
    '192.0.2.9, 10.1.1.1',
  ])('is let in for %s', async (forwardedFor) => {
    const ada = await restricted(proxied())
    const headers = { ...bearer(ada), ...via(forwardedFor) }
    for (let times = 0; times < 2; times++) expect((await proxied().get('/trpc/sessions.whoami', headers)).status).toBe(200)
    expect((await proxied().get('/users/current', headers)).status).toBe(200)
  })

  it.each([
    ['another address', '198.51.100.1'],
    ['another /64', '2001:db8:0:2::1'],
    ['what the caller wrote left of its own address', '192.0.2.9, 198.51.100.1'],
    ['the same twice', '192.0.2.9, 192.0.2.9, 198.51.100.1'],
    ['an IPv4-compatible spelling, which is another address', '2001:db8:0:2::192.0.2.9'],
    ['no address', 'unknown'],
    ['nothing', ''],
  ])('is refused for %s, on every face', async (_, forwardedFor) => {
    const ada = await restricted(proxied())
    const headers = { ...bearer(ada), ...via(forwardedFor) }
    const { get, post } = proxied()
    const replies = [
      await get('/trpc/sessions.whoami', headers),
      await get(`/trpc/users.get${inputOf({ userId: ada.user.id })}`, headers),
      await post('/trpc/auth.signOut', { json: {} }, headers),
      await post('/trpc/users.updateCurrent', { json: { allowedIps: [], force: true } }, headers),
    ]
    for (const reply of replies) {
      expect(reply.status).toBe(403)
      expect(domainOf(reply)).toMatchObject(denied)
    }
    const rest = await get('/users/current', headers)
    expect(rest.status).toBe(403)
    expect(rest.json()).toMatchObject({ code: denied.code })
    expect(await proxied().world.asSystem().users.get({ userId: ada.user.id })).toMatchObject({ allowedIps: networks })
  })

  it('is refused in each call of a batch', async () => {
    const ada = await restricted(proxied())
    const reply = await proxied().get('/trpc/sessions.whoami,users.current?batch=1&input=%7B%7D', {
      ...bearer(ada),
      ...via('198.51.100.1'),
    })
    const results = reply.json<{ error: { json: { data: { domain: { code: string } } } } }[]>()
    expect(results.map(({ error }) => error.json.data.domain.code)).toEqual([denied.code, denied.code])
  })

  it('gets no answer that was kept for the allowed address', async () => {
    const ada = await restricted(proxied())
    const ask = (address: string) => proxied().get('/trpc/sessions.whoami', { ...bearer(ada), ...via(address) })
    for (let times = 0; times < 3; times++) {
      expect((await ask('192.0.2.9')).status).toBe(200)
      expect((await ask('198.51.100.1')).status).toBe(403)
    }
  })

  it('loses the answer that was kept before there were networks', async () => {
    const { world, get } = proxied()
    const ada = await world.signUp()
    const ask = () => get('/trpc/sessions.whoami', { ...bearer(ada), ...via('198.51.100.1') })
    for (let times = 0; times < 3; times++) expect((await ask()).status).toBe(200)
    await world.asSystem().users.update({ userId: ada.user.id, allowedIps: networks })
    expect((await ask()).status).toBe(403)
  })

  it('signs in from an allowed address, and elsewhere hears what a wrong password hears', async () => {
    const { post, world } = proxied()
    const { user } = await restricted(proxied())
    const ask = (address: string, typed: string) => post('/trpc/auth.signIn', signIn(user.username, typed), via(address))
    const wrong = await ask('192.0.2.9', 'wrong password and all')
    const elsewhere = await ask('198.51.100.1', password)
    expect(elsewhere.status).toBe(wrong.status)
    expect(domainOf(elsewhere)).toEqual(domainOf(wrong))
    expect((await ask('192.0.2.9', password)).status).toBe(200)
    const outcomes = await world.rows('select outcome, host(ip) as ip from login_attempts where identifier = ? order by outcome desc', [
      user.username,
    ])
    expect(outcomes).toEqual([
      { outcome: 'wrongPassword', ip: '192.0.2.9' },
      { outcome: 'succeeded', ip: '192.0.2.9' },
      { outcome: 'addressNotAllowed', ip: '198.51.100.1' },
    ])
  })
})

describe('without a trusted proxy', () => {
  it('the header is what the caller wrote, and opens nothing', async () => {
    const ada = await restricted(direct())
    const reply = await direct().get('/trpc/sessions.whoami', { ...bearer(ada), ...via('192.0.2.9') })
    expect(domainOf(reply)).toMatchObject(denied)
  })

  it('the address of the socket counts', async () => {
    const ada = await restricted(direct(), ['127.0.0.1', '::1'])
    expect((await direct().get('/trpc/sessions.whoami', { ...bearer(ada), ...via('198.51.100.1') })).status).toBe(200)
  })
})

it('a request on a socket that does not know its address any more is refused', async () => {
  const { world } = direct()
  const ada = await restricted(direct(), ['0.0.0.0/0', '::/0'])
  const request = { headers: { authorization: `Bearer ${ada.token}` }, socket: {} } as unknown as IncomingMessage
  const caller = await callerOf(request, 'req_1', world.core, new TrustedProxies([]))
  expect(caller).toMatchObject({ credential: 'accepted', origin: { ip: null, remote: true } })
  await expect(contextOf(world.core, caller).call('sessions.whoami', {})).rejects.toMatchObject(denied)
})
