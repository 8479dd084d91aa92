import { createLocalJWKSet, errors, type LocalJWKSet } from 'jose'
import { z } from 'zod'
import { BoundedCache } from '../kernel/caches.ts'
import type { CorePorts } from '../kernel/context.ts'
import type { IdentityProvider } from '../kernel/settings.ts'
import { providerUnavailable } from './errors.ts'
import { warnAbout } from './warnings.ts'

/** The metadata of a provider (OpenID Connect Discovery 1.0: 3), as far as it is needed. */
const Metadata = z.object({
  issuer: z.string(),
  jwks_uri: z.url(),
  authorization_endpoint: z.url().optional(),
  token_endpoint: z.url().optional(),
  userinfo_endpoint: z.url().optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
})
export type Metadata = z.infer<typeof Metadata>

const KeySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) })

/** Milliseconds that metadata and keys are cached, and that a failed provider is not asked again. */
const metadataAge = 60 * 60 * 1000
const keysAge = 10 * 60 * 1000
const failureAge = 5_000
/** Milliseconds between two reloads for an unknown key, so that invented key ids cause no more requests. */
const cooldown = 30_000

interface CachedDocument<Value> {
  readonly value: Promise<Value>
  readonly at: number
  until: number
}

/** By issuer. */
export class ProviderMetadata extends BoundedCache<CachedDocument<Metadata>> {
  constructor() {
    super('providerMetadata', 1000)
  }
}

/** By URL. */
export class ProviderKeys extends BoundedCache<CachedDocument<LocalJWKSet>> {
  constructor() {
    super('providerKeys', 1000)
  }
}

export type ProviderPorts = Pick<CorePorts, 'web' | 'clock' | 'logger' | 'caches'>

/** The metadata of a provider. */
export function metadataOf(ports: ProviderPorts, provider: IdentityProvider): Promise<Metadata> {
  const { issuer } = provider
  return cached(ports.caches.of(ProviderMetadata), issuer, ports, metadataAge, async () => {
    const url = `${withoutSlash(issuer)}/.well-known/openid-configuration`
    const metadata = await published(ports, provider, url, Metadata)
    // The issuer must match (Discovery 1.0: 4.3).
    if (metadata.issuer !== issuer) warnAbout(ports, provider, `its metadata names the issuer ${metadata.issuer}`)
    if (metadata.issuer !== issuer) throw providerUnavailable({ host: hostOf(url), problem: 'its metadata names another issuer' })
    const open = withoutTls(metadata)
    if (new URL(issuer).protocol === 'https:' && open !== undefined) {
      warnAbout(ports, provider, `its metadata names ${open}, which is not https`)
      throw providerUnavailable({ host: hostOf(url), problem: 'its metadata names an address without TLS' })
    }
    return metadata
  })
}

/**
 * An address in the metadata without TLS (Discovery 1.0: 3 wants https). Only a provider on this machine may have one: of any other it would be a
 * service on this machine, to which nobody outside can connect.
 */
function withoutTls({ jwks_uri, authorization_endpoint, token_endpoint, userinfo_endpoint }: Metadata): string | undefined {
  return [jwks_uri, authorization_endpoint, token_endpoint, userinfo_endpoint].find((url) => url !== undefined && !/^https:/i.test(url))
}

/** The key set of a provider: cached, and reloaded when a token names an unknown key. */
export async function keysOf(ports: ProviderPorts, provider: IdentityProvider): Promise<LocalJWKSet> {
  const url =
    provider.kind === 'clerk' ? `${withoutSlash(provider.issuer)}/.well-known/jwks.json` : (await metadataOf(ports, provider)).jwks_uri
  const memory = ports.caches.of(ProviderKeys)
  const load = async () => createLocalJWKSet(await published(ports, provider, url, KeySet))
  const known = await cached(memory, url, ports, keysAge, load)
  const find = async (...token: Parameters<LocalJWKSet>) => {
    try {
      return await known(...token)
    } catch (error) {
      const at = memory.get(url)?.at ?? 0
      if (!(error instanceof errors.JWKSNoMatchingKey) || ports.clock.monotonic() - at < cooldown) throw error
      memory.delete(url)
      return (await cached(memory, url, ports, keysAge, load))(...token)
    }
  }
  find.jwks = known.jwks
  return find
}

/** A document that a provider publishes. Without it nobody can sign in there, so the operator is told. */
async function published<Schema extends z.ZodType>(
  ports: ProviderPorts,
  provider: IdentityProvider,
  url: string,
  schema: Schema,
): Promise<z.output<Schema>> {
  try {
    const { status, body } = await ports.web.ask({ url, method: 'GET', headers: { accept: 'application/json' } })
    const parsed = status === 200 ? schema.safeParse(jsonOf(body)) : null
    if (parsed?.success === true) return parsed.data
    warnAbout(ports, provider, `${url} was answered ${status}, not with what OpenID Connect Discovery asks for`)
  } catch (error) {
    warnAbout(ports, provider, `${url} cannot be read`, error)
    throw error
  }
  throw providerUnavailable({ host: hostOf(url), problem: 'its response is not valid' })
}

/** undefined: not JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : ''
}

/** Loads a value once for all waiting callers; a failure is cached too, but not for long. */
function cached<Value>(
  memory: BoundedCache<CachedDocument<Value>>,
  key: string,
  { clock }: ProviderPorts,
  age: number,
  load: () => Promise<Value>,
): Promise<Value> {
  const now = clock.monotonic()
  const known = memory.get(key)
  if (known !== undefined && now < known.until) return known.value
  const fresh = { value: load(), at: now, until: now + age }
  memory.set(key, fresh)
  fresh.value.catch(() => (fresh.until = now + failureAge))
  return fresh.value
}

function withoutSlash(issuer: string): string {
  return issuer.replace(/\/$/, '')
}
