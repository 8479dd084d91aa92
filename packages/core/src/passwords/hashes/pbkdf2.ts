import { createSHA3, pbkdf2 } from 'hash-wasm'
import { areEqual, fromBase64, toBase64, utf8, type Bytes } from './bytes.ts'
import { beyond, type Derivations, type Pbkdf2Cost, type Scheme } from './scheme.ts'

/**
 * PBKDF2 (RFC 8018): `$pbkdf2-sha256$i=27500$<salt>$<hash>`, both in base64 without padding. What is derived is as long as what is
 * stored, and the beginning of a longer one: so a hash has the length of a digest or of a key, and one that was cut is none.
 */
const format =
  /^\$pbkdf2-(sha1|sha256|sha384|sha512|sha3-224|sha3-256|sha3-384|sha3-512)\$i=([1-9]\d{0,9})\$([A-Za-z0-9+/]{2,342})\$([A-Za-z0-9+/]{2,342})$/
const lengths: ReadonlySet<number> = new Set([16, 20, 24, 28, 32, 48, 64])

/** Iterations for each block of the hash. More would let an imported file buy seconds of our processor with every sign-in. */
const mostIterations: Readonly<Record<string, number>> = { sha1: 1_500_000, sha256: 1_500_000, sha384: 1_000_000, sha512: 1_000_000 }
/** For all blocks together. Keycloak makes 1 300 000 of SHA-1, four blocks each. */
const mostRounds = 6_000_000
/** SHA-3 is no part of Web Crypto: it takes five times as long. */
const mostRoundsOfSha3 = 200_000

const subtleNames = { sha1: 'SHA-1', sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' } as const
const blockLengths: Readonly<Record<string, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }

interface Parts {
  readonly digest: string
  readonly iterations: number
  readonly salt: Bytes
  readonly hash: Bytes
}

function partsOf(text: string): Parts | null {
  const [, digest = '', iterations = '', salt = '', hash = ''] = format.exec(text) ?? []
  const [saltBytes, hashBytes] = [fromBase64(salt), fromBase64(hash)]
  if (digest === '' || saltBytes === null || hashBytes === null) return null
  return { digest, iterations: Number(iterations), salt: saltBytes, hash: hashBytes }
}

const damaged = 'the hash or its salt is empty, damaged or too long, or there are no iterations'

export const pbkdf2Scheme: Scheme = {
  work(text) {
    const parts = partsOf(text)
    if (parts === null) return damaged
    const { digest, iterations, hash } = parts
    const most = mostIterations[digest] ?? mostRoundsOfSha3
    if (iterations > most) return beyond(`pbkdf2-${digest} with ${iterations} iterations`, most)
    if (!lengths.has(hash.length)) return `the hash has ${hash.length} bytes: those of PBKDF2 have ${[...lengths].join(', ')}`
    const blocks = Math.ceil(hash.length / (blockLengths[digest] ?? Number(digest.slice('sha3-'.length)) / 8))
    const [rounds, together] = [iterations * blocks, digest.startsWith('sha3-') ? mostRoundsOfSha3 : mostRounds]
    if (rounds <= together) return rounds
    return beyond(`pbkdf2-${digest} with ${iterations} iterations for each of ${blocks} blocks`, `${together} for all together`)
  },
  async matches(text, password, derivations) {
    const parts = partsOf(text)
    if (parts === null) return false
    const { digest, hash, ...rest } = parts
    return areEqual(await derive(digest, { ...rest, password: utf8(password), length: hash.length }, derivations), hash)
  },
}

async function derive(digest: string, cost: Pbkdf2Cost, derivations: Derivations): Promise<Bytes> {
  if (digest === 'sha1' || digest === 'sha256' || digest === 'sha384' || digest === 'sha512')
    return derivations.pbkdf2(subtleNames[digest], cost)
  const { length, ...rest } = cost
  const hashFunction = createSHA3(({ '224': 224, '256': 256, '384': 384 } as const)[digest.slice('sha3-'.length)] ?? 512)
  return new Uint8Array(await pbkdf2({ ...rest, hashLength: length, hashFunction, outputType: 'binary' }))
}

export function pbkdf2Hash(digest: string, iterations: number, salt: Uint8Array, hash: Uint8Array): string {
  return `$pbkdf2-${digest}$i=${iterations}$${toBase64(salt)}$${toBase64(hash)}`
}
