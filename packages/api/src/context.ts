import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { anonymousActor, newRequestId, userActor, type Actor, type Call, type Core, type Origin } from '@denizen/core'
import type { TrustedProxies } from './addresses.ts'
import { CookieSession } from './cookies.ts'
import { malformed } from './errors.ts'
import { Origins } from './origins.ts'
import type { Context } from './procedures.ts'

/** Whether a request carried a credential, and whether it was valid. */
export type Credential = 'none' | 'refused' | 'accepted'

/** Who sent a request, from where, and with which cookies. */
export interface Caller {
  readonly actor: Actor
  readonly credential: Credential
  readonly origin: Origin
  /** Its session cookies, and what is to become of them; null: it has none. */
  readonly cookies?: CookieSession | null
}

/** Headers that apply to a single command. */
export interface CallHeaders {
  readonly idempotencyKey?: string
}

const longestUserAgent = 512

/** The request's own id if it is a harmless one, else a new one. */
export function requestIdOf({ headers }: IncomingMessage, { ports }: Core): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : newRequestId(ports)
}

/** The token of `Authorization: Bearer …` (RFC 6750: 2.1); null: there is none. */
export function bearerToken({ authorization }: IncomingHttpHeaders): string | null {
  if (authorization === undefined || authorization.charCodeAt(6) !== 32) return null
  return authorization.slice(0, 6).toLowerCase() === 'bearer' ? authorization.slice(7).trim() : null
}

/**
 * The token in the headers of a request, not counting cookies: a bearer token, or an API
 * token as `X-API-Key`. Both at once, or another kind of token there, count as an invalid
 * token: ''. null: there is none.
 */
export function tokenInHeaders(headers: IncomingHttpHeaders): string | null {
  const key = headers['x-api-key']
  if (key === undefined) return bearerToken(headers)
  return typeof key === 'string' && key.startsWith(apiTokenStart) && headers.authorization === undefined ? key : ''
}

const apiTokenStart = 'dnz_api_'

/**
 * Who sent the request. With an invalid credential the caller is anonymous: actions that
 * anybody may call still work, all others ask to sign in. A token in the headers takes
 * precedence over the cookie, which the browser sends by itself.
 */
export async function callerOf(request: IncomingMessage, requestId: string, core: Core, proxies: TrustedProxies): Promise<Caller> {
  const origin = originOf(request, requestId, proxies)
  const shown = tokenInHeaders(request.headers)
  const cookies = cookiesOf(request, core, { isCredential: shown === null, origin })
  const token = shown ?? cookies?.access ?? null
  if (cookies !== null && (cookies.isRequested || shown === null)) refuseForeignPage(request, core)
  if (token === null) return { actor: anonymousActor, credential: 'none', origin, cookies }
  const principal = core.authenticated(token) ?? (await core.authenticate(token))
  if (principal === null) return { actor: anonymousActor, credential: 'refused', origin, cookies }
  return { actor: userActor(principal), credential: 'accepted', origin, cookies }
}

function cookiesOf({ headers }: IncomingMessage, core: Core, how: { isCredential: boolean; origin: Origin }): CookieSession | null {
  if (headers.cookie === undefined && headers['denizen-session'] === undefined) return null
  const cookies = new CookieSession(core, headers, how)
  return cookies.usesCookies ? cookies : null
}

/** Reading is harmless: a page of another origin cannot see the answer. Everything else must come from an allowed origin. */
function refuseForeignPage({ method, headers }: IncomingMessage, core: Core): void {
  if (method !== 'GET' && method !== 'HEAD') new Origins(core).demand(headers)
}

/** Where a request came from. */
export function originOf({ headers, socket }: IncomingMessage, requestId: string, proxies: TrustedProxies): Origin {
  const forwardedFor = headers['x-forwarded-for']
  const ip = proxies.clientAddress(socket.remoteAddress, Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor)
  return { requestId, ip, userAgent: userAgentOf(headers), remote: true }
}

function userAgentOf({ 'user-agent': userAgent = '' }: IncomingHttpHeaders): string | null {
  const text = userAgent.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '').slice(0, longestUserAgent)
  return text === '' ? null : text
}

/** What the headers ask for besides the call itself. */
export function callHeadersOf(headers: IncomingHttpHeaders): CallHeaders {
  const key = headers['idempotency-key']
  if (headers[retiredPlanHeader] !== undefined) throw malformed('Denizen-Plan', 'ask for a plan in the path: POST /trpc/plan.users.purge')
  return key === undefined ? {} : { idempotencyKey: Array.isArray(key) ? key.join(', ') : key }
}

/** A header can be lost on the way, and the command would be carried out. So plans have a path of their own, and this is refused. */
export const retiredPlanHeader = 'denizen-plan'

/** Runs calls for a caller. */
export function contextOf(core: Core, { actor, origin, cookies = null }: Caller, headers: CallHeaders = {}): Context {
  const call: Call = { actor, origin, ...headers }
  const run = (name: string, input: unknown, as: Call): Promise<unknown> => {
    const runAs = (named: string, filled: unknown): Promise<unknown> => core.run(named, filled, as)
    return cookies === null ? runAs(name, input) : cookies.run(runAs, name, input)
  }
  return {
    requestId: origin.requestId,
    // Neither opens a session nor ends one.
    plan: (name, input) => core.plan(name, input, call),
    call: (name, input, options) => run(name, input, { ...call, ...options }),
    once: (name, input, idempotencyKey) => run(name, input, { ...call, idempotencyKey }),
  }
}
