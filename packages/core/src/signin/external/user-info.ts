import {
  hostOf,
  jsonOf,
  providerUnavailable,
  saysOfAddress,
  verifiedUserInfo,
  warnAbout,
  type Metadata,
  type Payload,
  type ProviderPorts,
} from '../../identities/index.ts'
import { DenizenError } from '../../kernel/errors.ts'
import type { IdentityProvider } from '../../kernel/settings.ts'

/** What the userinfo endpoint told. */
interface Told {
  readonly told: Payload
  /** Why it said nothing, when it may say more in a moment. */
  readonly incomplete: DenizenError | null
}

const nothing: Told = { told: {}, incomplete: null }

/**
 * Some providers give the address, or whether it was verified, or roles, only at the userinfo endpoint (OpenID Connect
 * Core 1.0: 5.3, 5.4). It is asked where the ID token does not say. A valid ID token is enough to sign in somebody who is known: an
 * answer that cannot be used is as none, and the operator is told.
 */
export async function userInfo(
  ports: ProviderPorts,
  provider: IdentityProvider,
  { userinfo_endpoint: url }: Metadata,
  idToken: Payload,
  accessToken: string | undefined,
): Promise<Told> {
  const isComplete = saysOfAddress(idToken) && (provider.roles === null || idToken[provider.roles.claim] !== undefined)
  if (url === undefined || accessToken === undefined || isComplete) return nothing
  const without = (problem: string, error?: unknown): Told => {
    warnAbout(ports, provider, `its userinfo endpoint ${problem}`, error)
    return nothing
  }
  try {
    const headers = { accept: 'application/json, application/jwt', authorization: `Bearer ${accessToken}` }
    const { status, body } = await ports.web.ask({ url, method: 'GET', headers })
    if (status >= 500) throw providerUnavailable({ host: hostOf(url), problem: 'its userinfo endpoint fails' })
    if (status !== 200) return without(`refuses the access token (${status})`)
    const told = await documentIn(ports, provider, body)
    if (told === null) return without('answers neither with JSON nor with a valid signature')
    // The subject must be the same (5.3.2).
    return told['sub'] === idToken['sub'] ? { told, incomplete: null } : without('speaks of another subject')
  } catch (error) {
    if (!(error instanceof DenizenError) || error.code !== providerUnavailable.code) throw error
    return { ...without('does not answer', error), incomplete: error }
  }
}

/** The claims in an answer: JSON, or a token that the provider signed for Denizen's client. null: neither. */
async function documentIn(ports: ProviderPorts, provider: IdentityProvider, body: string): Promise<Payload | null> {
  const json = jsonOf(body)
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json as Payload
  return provider.client === null ? null : verifiedUserInfo(ports, provider, body.trim(), provider.client.id)
}
