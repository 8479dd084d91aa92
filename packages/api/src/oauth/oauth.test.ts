import { expect, it } from 'vitest'
import { bearer, useServer, type Reply } from '../testing/server.ts'

const served = useServer()
const deviceGrant = 'urn:ietf:params:oauth:grant-type:device_code'

interface Begun {
  readonly device_code: string
  readonly user_code: string
}

function send(path: string, fields: Readonly<Record<string, string>> | string, headers: Record<string, string> = {}): Promise<Reply> {
  const body = typeof fields === 'string' ? fields : new URLSearchParams(fields).toString()
  return served().post(path, body, { 'content-type': 'application/x-www-form-urlencoded', ...headers })
}

const begin = async (): Promise<Begun> => (await send('/oauth/device_authorization', { client_id: 'a program' })).json<Begun>()
const errorOf = ({ status, json }: Reply) => [status, json<{ error: string }>().error]

/** The tokens of a device that somebody new has approved. */
async function signedIn() {
  const user = await served().world.signUp()
  const { device_code, user_code } = await begin()
  await user.as.auth.approveDeviceLogin({ userCode: user_code })
  const reply = await send('/oauth/token', { grant_type: deviceGrant, device_code, client_id: 'a program' })
  return { user, device_code, reply, tokens: reply.json<{ access_token: string; refresh_token: string }>() }
}

it('the metadata tells of what there is, and of nothing else', async () => {
  const reply = await served().get('/.well-known/oauth-authorization-server')
  expect(reply.status).toBe(200)
  const metadata = reply.json<Record<string, unknown>>()
  expect(metadata).toMatchObject({
    issuer: 'http://localhost:4000',
    grant_types_supported: [deviceGrant, 'refresh_token'],
    response_types_supported: [],
    token_endpoint_auth_methods_supported: ['none'],
  })
  for (const [name, url] of Object.entries(metadata)) {
    if (!name.endsWith('_endpoint')) continue
    const { pathname } = new URL(String(url))
    expect([name, ...errorOf(await served().get(pathname))]).toEqual([name, 405, 'invalid_request'])
  }
  // Whatever a request says of its host, links lead to where people reach the installation.
  const elsewhere = await served().get('/.well-known/oauth-authorization-server', { 'x-forwarded-host': 'evil.example' })
  expect(elsewhere.text).toBe(reply.text)
})

it('a device asks, waits, and gets tokens once', async () => {
  const reply = await send('/oauth/device_authorization', { client_id: 'a program' })
  expect([reply.status, reply.headers.get('cache-control')]).toEqual([200, 'no-store'])
  const begun = reply.json<Begun>()
  expect(begun).toEqual({
    device_code: expect.stringMatching(/^dnz_device_/),
    user_code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
    verification_uri: 'http://localhost:4000/device',
    verification_uri_complete: `http://localhost:4000/device?user_code=${begun.user_code}`,
    expires_in: 600,
    interval: 5,
  })
  const poll = (client_id = 'a program') => send('/oauth/token', { grant_type: deviceGrant, device_code: begun.device_code, client_id })
  expect(errorOf(await poll())).toEqual([400, 'authorization_pending'])
  expect(errorOf(await poll())).toEqual([400, 'slow_down'])
  expect(errorOf(await poll('another'))).toEqual([400, 'invalid_grant'])
  await served().stranger.as.auth.approveDeviceLogin({ userCode: begun.user_code })
  const got = await poll()
  expect([got.status, got.headers.get('cache-control'), got.headers.get('pragma')]).toEqual([200, 'no-store', 'no-cache'])
  const tokens = got.json<{ access_token: string }>()
  expect(tokens).toEqual({
    access_token: expect.stringMatching(/^dnz_access_/),
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: expect.stringMatching(/^dnz_refresh_/),
  })
  expect((await served().get('/users/current', bearer({ token: tokens.access_token }))).status).toBe(200)
  expect(errorOf(await poll())).toEqual([400, 'invalid_grant'])
})

it('a device that was denied, or that waited too long, is told so', async () => {
  const denied = await begin()
  await served().stranger.as.auth.denyDeviceLogin({ userCode: denied.user_code })
  const late = await begin()
  const poll = ({ device_code }: Begun) => send('/oauth/token', { grant_type: deviceGrant, device_code, client_id: 'a program' })
  expect(errorOf(await poll(denied))).toEqual([400, 'access_denied'])
  served().world.clock.advance(601_000)
  expect(errorOf(await poll(late))).toEqual([400, 'expired_token'])
})

it('refresh tokens are exchanged; one that is none is refused', async () => {
  const { tokens } = await signedIn()
  const refresh = (refresh_token: string, more = {}) =>
    send('/oauth/token', { grant_type: 'refresh_token', refresh_token, client_id: 'a', ...more })
  const next = (await refresh(tokens.refresh_token)).json<{ access_token: string; refresh_token: string }>()
  expect(next.refresh_token).not.toBe(tokens.refresh_token)
  expect((await served().get('/users/current', bearer({ token: next.access_token }))).status).toBe(200)
  for (const wrong of ['dnz_refresh_forged', tokens.access_token]) expect(errorOf(await refresh(wrong))).toEqual([400, 'invalid_grant'])
  expect(errorOf(await refresh(next.refresh_token, { scope: 'openid' }))).toEqual([400, 'invalid_scope'])
})

it('a token that is given back opens nothing any more; one that is not known is no error', async () => {
  const { tokens, user } = await signedIn()
  const revoke = (token: string, more = {}) => send('/oauth/revoke', { token, client_id: 'a program', ...more })
  for (const unknown of ['nonsense', 'x'.repeat(5000), 'dnz_refresh_forged']) expect((await revoke(unknown)).status).toBe(200)
  expect((await revoke(tokens.refresh_token, { token_type_hint: 'access_token' })).status).toBe(200)
  expect((await served().get('/users/current', bearer({ token: tokens.access_token }))).status).toBe(401)
  expect(errorOf(await send('/oauth/token', { grant_type: 'refresh_token', refresh_token: tokens.refresh_token, client_id: 'a' }))).toEqual(
    [400, 'invalid_grant'],
  )
  expect((await served().get('/users/current', bearer(user))).status).toBe(200)
})

it('S18: introspection says who impersonates, and in which organization; a token that owes a step is inactive', async () => {
  const { world } = served()
  const admin = await world.asSuperadmin()
  const introspect = async (token: string) => (await send('/oauth/introspect', { token }, bearer(admin))).json()
  const ada = await world.signUp()
  const { accessToken } = await admin.as.auth.impersonate({ userId: ada.user.id, reason: 'ticket 4711' })
  expect(await introspect(accessToken)).toMatchObject({
    active: true,
    sub: ada.user.id,
    act: { sub: admin.user.id, username: admin.user.username },
  })
  expect(await introspect(ada.token)).not.toHaveProperty('act')
  const { id: organizationId } = await ada.as.organizations.create({ name: 'Lovelace', slug: 'lovelace-s18' })
  const limited = await ada.as.tokens.create({ name: 'limited', organizationId })
  expect(await introspect(limited.secret)).toMatchObject({ active: true, org_id: organizationId })
  await world.asSystem().users.update({ userId: ada.user.id, needPasswordChange: true })
  expect(await introspect(ada.token)).toEqual({ active: false })
})

it('who introspects shows a token that may, and no cookie counts', async () => {
  const { tokens, user } = await signedIn()
  const introspect = (token: string, headers: Record<string, string> = {}) => send('/oauth/introspect', { token }, headers)
  const stranger = await introspect(tokens.access_token)
  expect([...errorOf(stranger), stranger.headers.get('www-authenticate')]).toEqual([401, 'invalid_token', 'Bearer error="invalid_token"'])
  expect(errorOf(await introspect(tokens.access_token, { cookie: `denizen_session=${served().admin.token}` }))).toEqual([
    401,
    'invalid_token',
  ])
  const denied = await introspect(tokens.access_token, bearer(user))
  expect(errorOf(denied)).toEqual([403, 'insufficient_scope'])
  const active = await introspect(tokens.access_token, bearer(served().admin))
  expect([active.status, active.json()]).toEqual([200, expect.objectContaining({ active: true, sub: user.user.id })])
  expect((await introspect('nonsense', bearer(served().admin))).json()).toEqual({ active: false })
})

it('what is not as the RFCs have it is refused in their words', async () => {
  const token = { grant_type: 'refresh_token', refresh_token: 'x', client_id: 'a' }
  for (const [fields, expected] of [
    [{ ...token, grant_type: 'password' }, 'unsupported_grant_type'],
    [{ ...token, grant_type: 'constructor' }, 'unsupported_grant_type'],
    [{ ...token, grant_type: '' }, 'invalid_request'],
    [{ ...token, client_id: '' }, 'invalid_request'],
    [{ ...token, refresh_token: '' }, 'invalid_request'],
    ['grant_type=refresh_token&client_id=a&refresh_token=x&refresh_token=y', 'invalid_request'],
    ['', 'invalid_request'],
  ] as const)
    expect([JSON.stringify(fields), ...errorOf(await send('/oauth/token', fields))]).toEqual([JSON.stringify(fields), 400, expected])
  expect(errorOf(await send('/oauth/token', { ...token, client_secret: 's' }))).toEqual([401, 'invalid_client'])
  expect(errorOf(await send('/oauth/token', token, { authorization: 'Basic YTpi' }))).toEqual([401, 'invalid_client'])
  for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x'])
    expect(errorOf(await send('/oauth/token', token, { 'content-type': type }))).toEqual([400, 'invalid_request'])
  expect(errorOf(await send('/oauth/token', `x=${'y'.repeat(20_000)}`))).toEqual([413, 'invalid_request'])
  expect(errorOf(await send('/oauth/device_authorization', { client_id: 'a', scope: 'openid' }))).toEqual([400, 'invalid_scope'])
  expect(errorOf(await send('/oauth/device_authorization', { client_id: 'a\u202eb' }))).toEqual([400, 'invalid_request'])
  const quoting = await send('/oauth/token', { ...token, grant_type: 'a"\\ü' })
  expect(quoting.json<{ error_description: string }>().error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/)
})
