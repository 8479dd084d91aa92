import type { IncomingMessage } from 'node:http'
import { anonymousActor, DenizenError, type Core, type OutputOf, type Signatures } from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import { json, type Answer } from '../answer.ts'
import { bearerToken, callerOf, contextOf, originOf } from '../context.ts'
import { methodNotAllowed, toDomainError } from '../errors.ts'
import type { Context } from '../procedures.ts'
import { failureAnswer, OAuthFailure, oauthFailure } from './failure.ts'
import { readForm, type Form } from './form.ts'
import { grants, publicClient, refuseScope } from './grants.ts'
import { metadataOf, metadataPath, paths } from './metadata.ts'

interface Asked {
  readonly request: IncomingMessage
  readonly requestId: string
}

/** One request, at one core. */
interface OAuthRequest extends Asked {
  readonly core: Core
  readonly proxies: TrustedProxies
}

/** Longer than any token; the rest of something longer does not matter. */
const longestToken = 1024

type Endpoint = (place: OAuthRequest) => Promise<object | null>

const endpoints: ReadonlyMap<string, Endpoint> = new Map([
  [paths.device, withForm(authorizeDevice)],
  [paths.token, withForm(issueTokens)],
  [paths.introspection, withForm(introspect)],
  [paths.revocation, withForm(revoke)],
])

/**
 * The endpoints that unmodified OAuth clients know: device login (RFC 8628),
 * tokens (RFC 6749), introspection (RFC 7662), revocation (RFC 7009) and the
 * metadata that describes them (RFC 8414). They translate to actions. Cookies are ignored
 * here, because another site can make a browser send a form. undefined: the path is not one
 * of theirs.
 */
export function answerStandard(path: string, asked: Asked, core: Core, proxies: TrustedProxies): Promise<Answer | null> | undefined {
  const endpoint = isMetadata(path, core) ? metadata : endpoints.get(path)
  return endpoint === undefined ? undefined : respond(endpoint, { ...asked, core, proxies })
}

/** If the public URL has a path, the path of the metadata ends with it (RFC 8414: 3.1). */
function isMetadata(path: string, { settings }: Core): boolean {
  return path === metadataPath || (path.startsWith(metadataPath) && path === metadataPath + new URL(settings.publicUrl).pathname)
}

async function respond(endpoint: Endpoint, place: OAuthRequest): Promise<Answer | null> {
  const { core, requestId } = place
  try {
    const body = await endpoint(place)
    return body === null ? null : { status: 200, headers: [['pragma', 'no-cache']], contentType: json, body: JSON.stringify(body) }
  } catch (thrown) {
    if (thrown instanceof OAuthFailure) return failureAnswer(thrown)
    const error = toDomainError(thrown, { path: undefined, requestId })
    if (error.kind === 'internal' && error !== thrown)
      core.ports.logger.error('an OAuth request failed unexpectedly', { requestId, error: thrown })
    return failureAnswer(error)
  }
}

async function metadata({ request, core }: OAuthRequest): Promise<object> {
  const { method = '' } = request
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed({ method, allowed: ['GET', 'HEAD'] })
  return metadataOf(core.settings.publicUrl)
}

function withForm(answer: (place: OAuthRequest, form: Form) => Promise<object>): Endpoint {
  return async (place) => {
    const form = await readForm(place.request)
    return form === null ? null : answer(place, form)
  }
}

/** Calls of a client that sends no credential. */
function asPublicClient({ request, requestId, core, proxies }: OAuthRequest): Context {
  const origin = originOf(request, requestId, proxies)
  return contextOf(core, { actor: anonymousActor, credential: 'none', origin })
}

async function authorizeDevice(place: OAuthRequest, form: Form): Promise<object> {
  const clientName = publicClient(form, place.request.headers.authorization)
  refuseScope(form)
  const begun = (await asPublicClient(place).call('auth.startDeviceLogin', { clientName })) as OutputOf<
    Signatures['auth']['startDeviceLogin']
  >
  return {
    device_code: begun.deviceCode,
    user_code: begun.userCode,
    verification_uri: begun.verificationUri,
    verification_uri_complete: begun.verificationUriComplete,
    expires_in: Math.round((begun.expiresAt.getTime() - place.core.ports.clock.now().getTime()) / 1000),
    interval: begun.interval,
  }
}

async function issueTokens(place: OAuthRequest, form: Form): Promise<object> {
  publicClient(form, place.request.headers.authorization)
  const type = form.need('grant_type')
  const grant = Object.hasOwn(grants, type) ? grants[type] : undefined
  if (grant === undefined) throw oauthFailure('unsupported_grant_type', `Supported are ${Object.keys(grants).join(' and ')}.`)
  return grant(asPublicClient(place), form, () => place.core.ports.clock.now())
}

/** Introspection requires a token of one's own that is allowed to do it (RFC 7662: 2.1). */
async function introspect({ request, requestId, core, proxies }: OAuthRequest, form: Form): Promise<object> {
  const refused = oauthFailure('invalid_token', 'Send an access token or an API token that may introspect: Authorization: Bearer ...')
  if (bearerToken(request.headers) === null) throw refused
  const caller = await callerOf(request, requestId, core, proxies)
  if (caller.actor.kind !== 'user') throw refused
  try {
    return (await contextOf(core, caller).call('tokens.introspect', { token: form.need('token') })) as object
  } catch (error) {
    if (!(error instanceof DenizenError)) throw error
    if (error.kind === 'unauthenticated') throw refused
    if (error.kind === 'denied') throw oauthFailure('insufficient_scope', error.message)
    throw error
  }
}

/** An unknown token counts as revoked already (RFC 7009: 2.2). */
async function revoke(place: OAuthRequest, form: Form): Promise<object> {
  publicClient(form, place.request.headers.authorization)
  await asPublicClient(place).call('auth.revokeToken', { token: form.need('token').slice(0, longestToken) })
  return {}
}
