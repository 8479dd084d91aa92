import { userActor } from '@denizen/core'
import { password } from '@denizen/core/testing'
import {
  allowInsecureRequests,
  discovery,
  fetchProtectedResource,
  initiateDeviceAuthorization,
  None,
  pollDeviceAuthorizationGrant,
  refreshTokenGrant,
  tokenIntrospection,
  tokenRevocation,
  type ClientAuth,
  type Configuration,
} from 'openid-client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase, type SystemDatabase } from './database.ts'
import { eventually } from './deadlines.ts'
import { endPrograms, startServer } from './processes.ts'

/** What stands here is all that openid-client is told: it finds everything else in the metadata. */
let database: SystemDatabase
let issuer: string

beforeAll(async () => {
  database = await openDatabase()
  issuer = (await startServer(database.environment)).url
})
afterAll(async () => {
  await endPrograms()
  await database.close()
})

const clientWith = (authentication: ClientAuth): Promise<Configuration> =>
  discovery(new URL(issuer), 'a television', undefined, authentication, { algorithm: 'oauth2', execute: [allowInsecureRequests] })

/** Whoever asks about tokens shows one of their own. */
const bearer =
  (token: string): ClientAuth =>
  (_server, _client, _body, headers) =>
    headers.set('authorization', `Bearer ${token}`)

const whoAmI = async (config: Configuration, token: string) => {
  const response = await fetchProtectedResource(config, token, new URL('/users/current', issuer), 'GET')
  return ((await response.json()) as { user: { username: string } }).user.username
}

it('openid-client finds everything in the metadata, signs a device in, refreshes, introspects and revokes', async () => {
  const ada = await database.people.signUp({ username: 'ada' })
  const config = await clientWith(None())
  expect(config.serverMetadata()).toMatchObject({ issuer, token_endpoint: `${issuer}/oauth/token` })

  const begun = await initiateDeviceAuthorization(config, {})
  expect(begun.verification_uri_complete).toBe(`${issuer}/device?user_code=${begun.user_code}`)
  const polling = pollDeviceAuthorizationGrant(config, begun)
  // Its first poll finds nothing yet; the second is after the approval.
  await eventually(20_000, 'the first poll', () => isPolled(begun.user_code))
  await approveOnThePage(begun.verification_uri_complete ?? '', ada.user.username)
  const tokens = await polling
  expect(tokens.token_type).toBe('bearer')
  expect(tokens.expiresIn()).toBeGreaterThan(3500)
  expect(await whoAmI(config, tokens.access_token)).toBe('ada')

  const refreshed = await refreshTokenGrant(config, tokens.refresh_token ?? '')
  expect(refreshed.refresh_token).not.toBe(tokens.refresh_token)
  expect(await whoAmI(config, refreshed.access_token)).toBe('ada')

  const asking = await clientWith(bearer((await database.people.asSuperadmin()).token))
  expect(await tokenIntrospection(asking, refreshed.access_token)).toMatchObject({ active: true, sub: ada.user.id, username: 'ada' })
  await tokenRevocation(config, refreshed.refresh_token ?? '')
  expect(await tokenIntrospection(asking, refreshed.access_token)).toEqual({ active: false })
  expect(await refusal(whoAmI(config, refreshed.access_token))).toContain('invalid_token')
  await expect(refreshTokenGrant(config, refreshed.refresh_token ?? '')).rejects.toMatchObject({ error: 'invalid_grant' })
  await tokenRevocation(config, 'what was never a token')
})

it('openid-client is told of a denial, of a scope that there is none of, and who may not introspect', async () => {
  const config = await clientWith(None())
  await expect(initiateDeviceAuthorization(config, { scope: 'openid' })).rejects.toMatchObject({ error: 'invalid_scope' })
  const begun = await initiateDeviceAuthorization(config, {})
  await database.people.asAnonymous().auth.denyDeviceLogin({ userCode: begun.user_code })
  expect(begun.interval).toBe(5)
  // It is denied already: nothing is gained by waiting before the first poll.
  await expect(pollDeviceAuthorizationGrant(config, { ...begun, interval: 0 })).rejects.toMatchObject({ error: 'access_denied' })
  const { token, principal } = await database.people.signUp()
  expect(await refusal(tokenIntrospection(await clientWith(bearer(token)), token))).toContain('insufficient_scope')
  expect((await database.core.as(userActor(principal)).sessions.whoami()).user.id).toBe(principal.userId)
})

/** What the `WWW-Authenticate` of an answer said, which openid-client has read. */
async function refusal(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  return JSON.stringify((error as { cause?: unknown } | null)?.cause)
}

async function isPolled(userCode: string): Promise<boolean> {
  const polled = await database.rows('select 1 from device_logins where last_polled_at is not null and user_code = ?', [
    userCode.replace('-', ''),
  ])
  return polled.length > 0
}

/** As a browser would: looks at the page, types who one is, and presses the button. */
async function approveOnThePage(link: string, identifier: string): Promise<void> {
  const shown = await (await fetch(link)).text()
  expect(shown).toContain('a television')
  const user_code = /name="user_code" value="([^"]+)"/.exec(shown)?.[1] ?? ''
  const body = new URLSearchParams({ user_code, identifier, password, decision: 'approve' })
  const answer = await fetch(new URL('/device', link), { method: 'POST', body })
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('is signed in')])
}
