import { randomBytes } from 'node:crypto'
import { betterAuthOrigin } from './better-auth.ts'
import type { RequestSource } from './connection.ts'
import type { Seeded } from './seed/options.ts'

/** Sessions that the cached principals belong to; all others are for those that are not cached. */
export const hotSessions = 2000

export type Kept = Seeded['kept']

const run = randomBytes(3).toString('hex')
const password = 'correct horse battery staple'
/** What tRPC's own client asks for an action without input, with superjson as its transformer. */
const emptyInput = encodeURIComponent(JSON.stringify({ json: {} }))

function get(path: string, field: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${field}\r\n\r\n`
}

function post(path: string, field: string, body: object): string {
  const text = JSON.stringify(body)
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${field}\r\nContent-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n`
  return head + text
}

function bearer(token: string): string {
  return `Authorization: Bearer ${token}`
}

/** Each session in turn: when they are more than the principal cache holds, none is ever found in it. */
export function whoAmI(sessions: Kept): RequestSource {
  return inTurn(sessions, (token) => get(`/trpc/sessions.whoami?input=${emptyInput}`, bearer(token)))
}

/** Whether one may do what only administrators of the installation may. */
export function checkOwn(sessions: Kept): RequestSource {
  const input = encodeURIComponent(JSON.stringify({ json: { permission: 'users.list' } }))
  const source = inTurn(sessions, (token) => get(`/trpc/access.check?input=${input}`, bearer(token)))
  return () => ({ ...source(), fragment: '"allowed":false' })
}

/** The newest users, as an administrator sees them first. */
export function firstPage(adminToken: string): RequestSource {
  const input = encodeURIComponent(JSON.stringify({ json: { limit: 50 } }))
  const request = { text: get(`/trpc/users.list?input=${input}`, bearer(adminToken)), fragment: '"items":[{' }
  return () => request
}

/** Who an API token stands for. */
export function withApiKey(tokens: Kept): RequestSource {
  return inTurn(tokens, (token) => get(`/trpc/sessions.whoami?input=${emptyInput}`, `X-API-Key: ${token}`))
}

/** The same as a service asks that was shown the token by somebody else. */
export function verifyToken(serviceToken: string, tokens: Kept): RequestSource {
  return inTurn(tokens, (token) => post('/trpc/tokens.verify', bearer(serviceToken), { json: { token } }))
}

/** Each answer is another token, signed for the caller. */
export function issueWebsocket(sessions: Kept): RequestSource {
  const source = inTurn(sessions, (token) => get(`/trpc/tokens.issueWebsocket?input=${emptyInput}`, bearer(token)))
  return () => ({ ...source(), fragment: '"token":"eyJ' })
}

/** The same bytes as a who-am-I has, but that the token is not one. */
export function bareCall(path: string, sessions: Kept, fragment: string): RequestSource {
  const source = inTurn(sessions, (token) => get(`${path}?input=${emptyInput}`, `X-Filling-----: Bearer ${token}`))
  return () => ({ ...source(), fragment })
}

export function getSession(sessions: Kept): RequestSource {
  return inTurn(sessions, (token) => get('/api/auth/get-session', bearer(token)))
}

/** Who an API key stands for, as better-auth tells. */
export function getSessionWithApiKey(keys: Kept): RequestSource {
  return inTurn(keys, (key) => get('/api/auth/get-session', `X-API-Key: ${key}`))
}

/** An admin makes a user; Denizen also writes the audit entry, the event and the role, in one transaction. */
export function createUser(adminToken: string, options: { withPassword: boolean }): RequestSource {
  return counted(options, (email, name, secret) =>
    post('/trpc/users.create', bearer(adminToken), { json: { email, displayName: name, ...secret } }),
  )
}

export function createBetterAuthUser(adminToken: string, options: { withPassword: boolean }): RequestSource {
  return counted(options, (email, name, secret) =>
    post('/api/auth/admin/create-user', `Origin: ${betterAuthOrigin}\r\n${bearer(adminToken)}`, { email, name, ...secret }),
  )
}

/** An admin gives a user another name; the users in turn. */
export function updateUser(adminToken: string, userIds: readonly string[]): RequestSource {
  return changed(userIds, (userId, name) => ({
    text: post('/trpc/users.update', bearer(adminToken), { json: { userId, displayName: name } }),
    fragment: `"displayName":"${name}"`,
  }))
}

export function updateBetterAuthUser(adminToken: string, userIds: readonly string[]): RequestSource {
  return changed(userIds, (userId, name) => ({
    text: post('/api/auth/admin/update-user', `Origin: ${betterAuthOrigin}\r\n${bearer(adminToken)}`, { userId, data: { name } }),
    fragment: `"name":"${name}"`,
  }))
}

/** Each name is a new one, or nothing would be written. */
function changed(userIds: readonly string[], requestOf: (userId: string, name: string) => ReturnType<RequestSource>): RequestSource {
  let next = 0
  return () => {
    const number = next++
    return requestOf(userIds[number % userIds.length] ?? '', `Renamed ${number}`)
  }
}

/** All texts are made beforehand, so that the load spends its time on sockets. */
function inTurn(sessions: Kept, textOf: (token: string) => string): RequestSource {
  const requests = sessions.map(({ token, fragment }) => ({ text: textOf(token), fragment }))
  let next = 0
  return () => {
    const request = requests[next]
    next = (next + 1) % requests.length
    if (request === undefined) throw new Error('There are no sessions to ask with.')
    return request
  }
}

function counted(
  { withPassword }: { withPassword: boolean },
  textOf: (email: string, name: string, secret: { password?: string }) => string,
): RequestSource {
  let next = 0
  const kind = withPassword ? 'secret' : 'new'
  const secret = withPassword ? { password } : {}
  return () => {
    const number = next++
    const email = `${kind}-${run}-${number}@bench.example`
    return { text: textOf(email, `User ${number}`, secret), fragment: `"email":"${email}"` }
  }
}
