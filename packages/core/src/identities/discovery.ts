import { createLocalJWKSet, errors, type LocalJWKSet } from 'jose'
import { z } from 'zod'
import type { IdentityProvider } from '../kernel/settings.ts'
import type { Ports, Web } from '../ports/index.ts'
import { providerUnavailable } from './errors.ts'

/** What a provider publishes about itself (OpenID Connect Discovery 1.0: 3), as far as it is needed. */
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

/** Milliseconds that is kept what was published, and that nobody is asked again who gave no answer. */
const metadataAge = 60 * 60 * 1000
const keysAge = 10 * 60 * 1000
const failureAge = 5_000
/** Milliseconds between two looks for a key that is not there: tokens with invented keys make us ask no more often. */
const cooldown = 30_000

interface CachedDocument<Value> {
  readonly value: Promise<Value>
  readonly at: number
  until: number
}

interface DiscoveryCache {
  readonly metadata: Map<string, CachedDocument<Metadata>>
  readonly keys: Map<string, CachedDocument<LocalJWKSet>>
}

/** What the providers have published, once for every process. */
const caches = new WeakMap<Web, DiscoveryCache>()

type Asking = Pick<Ports, 'web' | 'clock'>

/** What a provider publishes about itself. */
export function metadataOf(ports: Asking, { issuer }: IdentityProvider): Promise<Metadata> {
  return cached(cacheOf(ports).metadata, issuer, ports, metadataAge, async () => {
    const url = `${withoutSlash(issuer)}/.well-known/openid-configuration`
    const metadata = await askJson(ports, url, Metadata)
    // Whoever publishes under another name is another provider (Discovery 1.0: 4.3).
    if (metadata.issuer !== issuer) throw providerUnavailable({ host: hostOf(url), problem: 'it calls itself by another name' })
    return metadata
  })
}

/** Gives the key that a token was signed with: from memory, and anew when the provider has changed its keys meanwhile. */
export async function keysOf(ports: Asking, provider: IdentityProvider): Promise<LocalJWKSet> {
  const url =
    provider.kind === 'clerk' ? `${withoutSlash(provider.issuer)}/.well-known/jwks.json` : (await metadataOf(ports, provider)).jwks_uri
  const { keys: memory } = cacheOf(ports)
  const load = async () => createLocalJWKSet(await askJson(ports, url, KeySet))
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
  return Object.assign(find, { jwks: known.jwks })
}

/** Asks for JSON of a shape. */
export async function askJson<Schema extends z.ZodType>(
  { web }: Pick<Ports, 'web'>,
  url: string,
  schema: Schema,
  headers: Readonly<Record<string, string>> = {},
): Promise<z.output<Schema>> {
  const { status, body } = await web.ask({ url, method: 'GET', headers: { accept: 'application/json', ...headers } })
  const parsed = status === 200 ? schema.safeParse(jsonOf(body)) : null
  if (parsed?.success !== true) throw providerUnavailable({ host: hostOf(url), problem: 'it does not publish what it should' })
  return parsed.data
}

/** undefined: this is no JSON. */
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

/** One question at a time, whoever asks; a failure is remembered too, but not for long. */
function cached<Value>(
  memory: Map<string, CachedDocument<Value>>,
  key: string,
  { clock }: Asking,
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

function cacheOf({ web }: Asking): DiscoveryCache {
  const memory = caches.get(web) ?? {
    metadata: new Map<string, CachedDocument<Metadata>>(),
    keys: new Map<string, CachedDocument<LocalJWKSet>>(),
  }
  caches.set(web, memory)
  return memory
}

function withoutSlash(issuer: string): string {
  return issuer.replace(/\/$/, '')
}
