import type { SqlEntityManager } from '@mikro-orm/sql'
import { exportJWK, generateKeyPair, importJWK, type CryptoKey, type JWK } from 'jose'
import type { Id } from '../kernel/id.ts'
import { idOf, newId, uuidOf, uuidsOf } from '../kernel/id.ts'
import { isolation } from '../kernel/isolation.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { Ports } from '../ports/index.ts'
import { keyUnreadable, masterKeyWrong } from './errors.ts'
import { isPublished, keySteps, signingKey, type KeyTimes } from './key-rules.ts'

/** The only signing algorithm (RFC 8037); a token's own header is not trusted. */
export const signingAlgorithm = 'EdDSA'

/** Milliseconds that the keys are cached. */
const cachedFor = 60_000
/** As above, for tokens that name an unknown key, which anybody can send. */
const unknownFor = 1_000

interface KeyRecord extends KeyTimes {
  readonly id: Id<'key'>
  readonly publicKey: JWK
  readonly sealedKey: string
}

type KeyRingPorts = Pick<Ports, 'cipher' | 'clock' | 'random'>

/** A key that signs, and the JWK by which others verify what it signed. */
export interface SigningPair {
  readonly id: Id<'key'>
  readonly key: CryptoKey
  readonly publicKey: PublishedKey
}

/** A public key as JWKS have it (RFC 7517: 5). */
interface PublishedKey extends JsonObject {
  readonly kid: Id<'key'>
}

function publishedKey({ id, publicKey: { kty = '', crv = '', x = '' } }: KeyRecord): PublishedKey {
  return { kty, crv, x, kid: id, alg: signingAlgorithm, use: 'sig' }
}

/** The signing keys, cached in this process. */
export class KeyRing {
  readonly #reader: () => SqlEntityManager
  readonly #ports: KeyRingPorts
  readonly #private = new Map<string, Promise<CryptoKey>>()
  readonly #public = new Map<string, Promise<CryptoKey>>()
  #known: { readonly keys: readonly KeyRecord[]; readonly at: number } | undefined
  #loading: Promise<readonly KeyRecord[]> | undefined

  constructor(reader: () => SqlEntityManager, ports: KeyRingPorts) {
    this.#reader = reader
    this.#ports = ports
  }

  /** The key that signs now; creates the first one if there is none. */
  async signing(): Promise<{ readonly id: Id<'key'>; readonly key: CryptoKey }> {
    const found = signingKey(await this.#keys(cachedFor), this.#ports.clock.now()) ?? (await this.#made())
    return { id: found.id, key: await remembered(this.#private, found.id, () => this.#opened(found)) }
  }

  /** As above, with its public half as it is published. */
  async signingPair(): Promise<SigningPair> {
    const { id, key } = await this.signing()
    const found = (await this.#keys(cachedFor)).find((known) => known.id === id)
    if (found === undefined) throw new Error('the key that signs is not known')
    return { id, key, publicKey: publishedKey(found) }
  }

  /** The public key with this id; null: unknown, or not published any more. */
  async verifying(id: string): Promise<CryptoKey | null> {
    const named = (keys: readonly KeyRecord[]) => keys.find((key) => key.id === id)
    const found = named(await this.#keys(cachedFor)) ?? named(await this.#keys(unknownFor))
    if (found === undefined || !isPublished(found, this.#ports.clock.now())) return null
    return remembered(this.#public, id, () => imported(found.publicKey))
  }

  /** All published keys (RFC 7517: 5). */
  async published(): Promise<readonly JsonObject[]> {
    const now = this.#ports.clock.now()
    const keys = await this.#keys(cachedFor)
    const shown = keys.length > 0 ? keys : [await this.#made()]
    return shown.filter((key) => isPublished(key, now)).map(publishedKey)
  }

  async #made(): Promise<KeyRecord> {
    await rotateKeys(this.#reader(), this.#ports)
    this.#known = undefined
    const made = signingKey(await this.#keys(0), this.#ports.clock.now())
    if (made === undefined) throw new Error('no key signs, although one was made')
    return made
  }

  async #keys(mostAge: number): Promise<readonly KeyRecord[]> {
    if (this.#known !== undefined && this.#ports.clock.monotonic() - this.#known.at < mostAge) return this.#known.keys
    this.#loading ??= this.#load().finally(() => (this.#loading = undefined))
    return this.#loading
  }

  async #load(): Promise<readonly KeyRecord[]> {
    const at = this.#ports.clock.monotonic()
    const keys = await loadKeys(this.#reader())
    this.#known = { keys, at }
    const ids = new Set<string>(keys.map(({ id }) => id))
    for (const memory of [this.#private, this.#public]) for (const id of memory.keys()) if (!ids.has(id)) memory.delete(id)
    return keys
  }

  async #opened({ id, sealedKey }: KeyRecord): Promise<CryptoKey> {
    const opened = await this.#ports.cipher.open(sealingContext(id), sealedKey)
    if (opened === null) throw keyUnreadable({ keyId: id })
    return imported(JSON.parse(opened) as JWK)
  }
}

/** Creates the next key if it is due, and deletes keys that are not published any more. Of several processes one does it. */
export async function rotateKeys(em: SqlEntityManager, ports: KeyRingPorts): Promise<{ readonly added: number; readonly dropped: number }> {
  return em.transactional(async (inside) => {
    await inside.execute('lock table signing_keys in share row exclusive mode', [], 'run')
    const now = ports.clock.now()
    const keys = await loadKeys(inside)
    await requireMasterKey(ports, keys)
    const { add, retire, drop } = keySteps(keys, now)
    if (drop.length > 0) await inside.execute('delete from signing_keys where id = any(?::uuid[])', [uuidsOf(drop)], 'run')
    if (add !== null) await insertKey(inside, ports, now, add)
    if (retire !== null) await inside.execute('update signing_keys set retired_at = ? where id = ?', [add, uuidOf(retire)], 'run')
    return { added: add === null ? 0 : 1, dropped: drop.length }
  }, isolation.changing)
}

/**
 * The signing keys are the first that is sealed in a database, at its first start: whoever cannot open them has another master
 * key. Throws `config.masterKeyWrong`.
 */
export async function checkMasterKey(em: SqlEntityManager, ports: Pick<Ports, 'cipher'>): Promise<void> {
  await requireMasterKey(ports, await loadKeys(em))
}

async function requireMasterKey({ cipher }: Pick<Ports, 'cipher'>, keys: readonly KeyRecord[]): Promise<void> {
  for (const { id, sealedKey } of keys) if ((await cipher.open(sealingContext(id), sealedKey)) === null) throw masterKeyWrong({})
}

async function insertKey(em: SqlEntityManager, { cipher, random }: KeyRingPorts, now: Date, activeFrom: Date): Promise<void> {
  const id = newId('key', now, random.bytes(10))
  const pair = await generateKeyPair(signingAlgorithm, { extractable: true })
  const sealed = await cipher.seal(sealingContext(id), JSON.stringify(await exportJWK(pair.privateKey)))
  await em.execute(
    `insert into signing_keys (id, algorithm, public_key, sealed_key, created_at, active_from) values (?, ?, ?::jsonb, ?, ?, ?)`,
    [uuidOf(id), signingAlgorithm, JSON.stringify(await exportJWK(pair.publicKey)), sealed, now, activeFrom],
    'run',
  )
}

async function loadKeys(em: SqlEntityManager): Promise<readonly KeyRecord[]> {
  const rows = await em.execute<{ id: string; public_key: string; sealed_key: string; active_from: number; retired_at: number | null }[]>(
    `select id::text as id, public_key::text as public_key, sealed_key, (extract(epoch from active_from) * 1000)::float8 as active_from,
        (extract(epoch from retired_at) * 1000)::float8 as retired_at
      from signing_keys where algorithm = ? order by active_from, id`,
    [signingAlgorithm],
  )
  return rows.map(({ id, public_key, sealed_key, active_from, retired_at }) => ({
    id: idOf('key', id),
    publicKey: JSON.parse(public_key) as JWK,
    sealedKey: sealed_key,
    activeFrom: new Date(active_from),
    retiredAt: retired_at === null ? null : new Date(retired_at),
  }))
}

/** Throws for bytes: those belong to algorithms with a shared secret. */
async function imported(key: JWK): Promise<CryptoKey> {
  const result = await importJWK(key, signingAlgorithm)
  if (result instanceof Uint8Array) throw new TypeError('a signing key is a shared secret')
  return result
}

function sealingContext(id: string): string {
  return `signing-key/${id}`
}

/** Failures are not cached. */
function remembered(memory: Map<string, Promise<CryptoKey>>, id: string, make: () => Promise<CryptoKey>): Promise<CryptoKey> {
  const found = memory.get(id)
  if (found !== undefined) return found
  const made = make()
  memory.set(id, made)
  made.catch(() => memory.delete(id))
  return made
}
