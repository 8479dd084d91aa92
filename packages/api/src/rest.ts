import type { IncomingMessage } from 'node:http'
import { STATUS_CODES } from 'node:http'
import { signatures, type Core, type DenizenError, type Signature } from '@denizen/core'
import type { TrustedProxies } from './addresses.ts'
import { json, type WholeAnswer } from './answer.ts'
import { callerOf, callHeadersOf, contextOf, type Credential } from './context.ts'
import { errorHeaders, httpErrorOf, methodNotAllowed, toDomainError } from './errors.ts'

/** A query as a plain resource. Its input is the query string. */
interface Route {
  readonly path: string
  readonly signature: Signature<string, 'query'>
  /** Fields that hold several values: `?include=a,b`. */
  readonly lists: readonly string[]
}

const routes: readonly Route[] = [{ path: '/users/current', signature: signatures.users.current, lists: ['include'] }]

const byPath: ReadonlyMap<string, Route> = new Map(routes.map((route) => [route.path, route]))

/** The route of a path, if there is one. */
export function routeOf(path: string): Route | undefined {
  return byPath.get(path)
}

/** Answers a request for a resource: plain JSON, dates as ISO 8601, errors as problem details. */
export async function answerResource(
  { signature, lists }: Route,
  { request, search, requestId }: { request: IncomingMessage; search: string; requestId: string },
  core: Core,
  proxies: TrustedProxies,
): Promise<WholeAnswer> {
  let credential: Credential = 'none'
  try {
    const { method = '' } = request
    if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed({ method, allowed: ['GET', 'HEAD'] })
    const caller = await callerOf(request, requestId, core, proxies)
    credential = caller.credential
    const context = contextOf(core, caller, callHeadersOf(request.headers))
    const output = await context.call(signature.name, inputOf(search, lists))
    return { status: 200, contentType: json, body: JSON.stringify(output) }
  } catch (thrown) {
    const error = toDomainError(thrown, { path: undefined, requestId })
    if (error.kind === 'internal' && error !== thrown)
      core.ports.logger.error('a request failed unexpectedly', { requestId, error: thrown })
    return problem(error, requestId, credential)
  }
}

function inputOf(search: string, lists: readonly string[]): object {
  const given = [...new URLSearchParams(search)]
  return Object.fromEntries(given.map(([name, text]) => [name, lists.includes(name) ? text.split(',') : text]))
}

/** An error as problem details (RFC 9457); `code`, `kind`, `details` and `requestId` are extension members. */
export function problem(error: DenizenError, requestId: string, credential: Credential = 'none'): WholeAnswer {
  const { status } = httpErrorOf(error)
  const { code, kind, details, message } = error
  const body = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail: message, code, kind, details, requestId }
  return { status, headers: errorHeaders(error, credential), contentType: 'application/problem+json', body: JSON.stringify(body) }
}
