import { base64url } from 'jose'
import { z } from 'zod'
import {
  claimsOf,
  hostOf,
  jsonOf,
  metadataOf,
  noRedirectSignIn,
  oneDocument,
  providerUnavailable,
  verifiedPayload,
  warnAbout,
  type Claims,
  type Metadata,
  type ProviderPorts,
} from '../../identities/index.ts'
import type { IdentityProvider } from '../../kernel/settings.ts'
import type { Ports } from '../../ports/index.ts'
import { userInfo } from './user-info.ts'

type Client = NonNullable<IdentityProvider['client']>

/** The secrets of one sign-in: state and nonce (OpenID Connect), PKCE verifier (RFC 7636). */
export const PendingSecrets = z.object({ state: z.string(), verifier: z.string(), nonce: z.string() })
export type PendingSecrets = z.infer<typeof PendingSecrets>

/** The payload of a challenge for a sign-in by redirect; its secrets are sealed. */
export const PendingSignIn = z.object({
  provider: z.string(),
  redirectUri: z.string(),
  redirectTo: z.string().nullable(),
  sealed: z.string(),
})

/** What the secrets are sealed for. */
export function sealedFor(provider: string): string {
  return `oauth/${provider}`
}

/** 256 random bits as URL-safe text. */
export function randomText({ random }: Pick<Ports, 'random'>): string {
  return base64url.encode(random.bytes(32))
}

/** Denizen's client at the provider; throws if there is none. */
export function clientOf({ id, client }: IdentityProvider): Client {
  if (client === null) throw noRedirectSignIn({ provider: id })
  return client
}

/** The authorization URL to send the browser to (RFC 6749: 4.1.1; PKCE: RFC 7636; nonce: OpenID Connect Core 1.0: 3.1.2.1). */
export function authorizationUrl(
  { digest }: Pick<Ports, 'digest'>,
  { authorization_endpoint: endpoint, issuer }: Metadata,
  { id, scopes, responseMode = 'query' }: Client,
  redirectUri: string,
  { state, verifier, nonce }: PendingSecrets,
): string {
  if (endpoint === undefined) throw providerUnavailable({ host: hostOf(issuer), problem: 'it has no authorization endpoint' })
  const url = new URL(endpoint)
  const parameters = {
    response_type: 'code',
    client_id: id,
    redirect_uri: redirectUri,
    scope: [...new Set(['openid', ...scopes])].join(' '),
    state,
    nonce,
    code_challenge: base64url.encode(bytesOf(digest.sha256(verifier))),
    code_challenge_method: 'S256',
    ...(responseMode !== 'query' && { response_mode: responseMode }),
  }
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

/** Whether an authorization response comes from this provider (`iss`, RFC 9207: 2.4). */
export async function isAnswerOf(ports: ProviderPorts, provider: IdentityProvider, told: string | undefined): Promise<boolean> {
  const { issuer, authorization_response_iss_parameter_supported: says } = await metadataOf(ports, provider)
  return told === undefined ? says !== true : told === issuer
}

/** The authorization response, as the browser brought it. */
export interface AuthorizationResponse {
  readonly code: string
  readonly redirectUri: string
}

const TokenAnswer = z.object({ id_token: z.string(), access_token: z.string().optional() })

/** Exchanges the code for the user's claims. null: the response does not match the request. */
export async function exchange(
  ports: ProviderPorts,
  provider: IdentityProvider,
  returned: AuthorizationResponse,
  pending: PendingSecrets,
): Promise<Claims | null> {
  const client = clientOf(provider)
  const metadata = await metadataOf(ports, provider)
  const tokens = await redeem({ ports, provider, metadata, client }, returned, pending.verifier)
  if (tokens === null) return null
  const expected = { audiences: [client.id], nonce: pending.nonce, kind: 'oidc' as const }
  const payload = await verifiedPayload(ports, provider, tokens.id_token, expected)
  if (payload === null) return null
  const { told, incomplete } = await userInfo(ports, provider, metadata, payload, tokens.access_token)
  const claims = claimsOf(oneDocument(payload, told), provider)
  return claims && incomplete ? { ...claims, incomplete } : claims
}

interface Redeeming {
  readonly ports: ProviderPorts
  readonly provider: IdentityProvider
  readonly metadata: Metadata
  readonly client: Client
}

async function redeem({ ports, provider, metadata, client }: Redeeming, { code, redirectUri }: AuthorizationResponse, verifier: string) {
  const { token_endpoint: url, issuer } = metadata
  if (url === undefined) throw providerUnavailable({ host: hostOf(issuer), problem: 'it has no token endpoint' })
  const form = new URLSearchParams({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier })
  const headers: Record<string, string> = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' }
  const { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] } = metadata
  if (client.secret !== null && methods.includes('client_secret_basic')) {
    // Each part is percent-encoded first (RFC 6749: 2.3.1).
    headers['authorization'] = `Basic ${btoa(`${formEncoded(client.id)}:${formEncoded(client.secret)}`)}`
  } else {
    form.set('client_id', client.id)
    if (client.secret !== null) form.set('client_secret', client.secret)
  }
  const { status, body } = await ports.web.ask({ url, method: 'POST', headers, body: form.toString() }).catch((error: unknown) => {
    warnAbout(ports, provider, 'its token endpoint does not answer', error)
    throw error
  })
  if (status >= 500) warnAbout(ports, provider, `its token endpoint fails (${status})`)
  if (status >= 500) throw providerUnavailable({ host: hostOf(url), problem: 'its token endpoint fails' })
  const parsed = status === 200 ? TokenAnswer.safeParse(jsonOf(body)) : null
  return parsed?.success === true ? parsed.data : null
}

function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1)
}

function bytesOf(hexadecimal: string): Uint8Array {
  return Uint8Array.from(hexadecimal.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}
