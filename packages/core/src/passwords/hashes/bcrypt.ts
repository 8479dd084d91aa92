import { bcryptVerify } from 'hash-wasm'
import { fromBase64, joined, toBase64, toHex, utf8, type Bytes } from './bytes.ts'
import { digestOf } from './digests.ts'
import { beyond, type Scheme } from './scheme.ts'

/**
 * bcrypt: `$bcrypt$v=2b,c=12$<salt>$<hash>` in its own base64. `of` is what was hashed instead of the password, and behind the salt stands
 * a pepper in base64, which follows the password.
 */
const format =
  /^\$bcrypt\$v=2([abxy]),c=(\d{2})(?:,of=([a-z0-9-]+))?\$([./A-Za-z0-9]{22})(?::([A-Za-z0-9+/]{2,342}))?\$([./A-Za-z0-9]{31})$/

/** It doubles with each step; fourteen is a second. No system makes more than twelve unless told to. */
const [leastCost, mostCost] = [4, 14]

/** What bcrypt reads of a password. */
const longest = 72

/** How systems make bcrypt take longer passwords. */
const transforms: Readonly<Record<string, (password: Bytes, salt: string) => Promise<Bytes>>> = {
  /** Django. */
  'sha256-hex': async (password) => utf8(toHex((await digestOf('sha256'))(password))),
  /** passlib, version 1. */
  'sha256-base64': async (password) => utf8(padded(toBase64((await digestOf('sha256'))(password)))),
  /** passlib, version 2: the salt is the key. */
  'hmac-sha256-base64': async (password, salt) => utf8(padded(toBase64(await hmac('SHA-256', utf8(salt), password)))),
  /** WordPress 6.8. It trims what PHP's `trim` trims. */
  wordpress: async (password) => utf8(padded(toBase64(await hmac('SHA-384', utf8('wp-sha384'), trimmed(password))))),
}

export type BcryptTransform = 'sha256-hex' | 'sha256-base64' | 'hmac-sha256-base64' | 'wordpress'

export const bcryptScheme: Scheme = {
  work(text) {
    const [, , cost = '', transform = ''] = format.exec(text) ?? []
    if (cost === '' || (transform !== '' && !Object.hasOwn(transforms, transform))) return 'it is no complete bcrypt hash'
    if (Number(cost) < leastCost) return `bcrypt with cost ${cost}: the least is ${leastCost}`
    return Number(cost) > mostCost ? beyond(`bcrypt with cost ${cost}`, mostCost) : 2 ** Number(cost)
  },
  async matches(text, typed) {
    const [, version, cost = '', transform, salt = '', pepper = '', hash = ''] = format.exec(text) ?? []
    const password = joined(utf8(typed), fromBase64(pepper) ?? new Uint8Array())
    const known = transform === undefined ? undefined : transforms[transform]
    const hashed = known === undefined ? password : await known(password, salt)
    // It is a C string: what follows a NUL was never read, and accepting it would let anything follow.
    if (hashed.includes(0)) return false
    // `$2x$` marks hashes of crypt_blowfish before 1.1, which took bytes for signed ones (CVE-2011-2483); the library does so too.
    const key = hashed.length === 0 ? new Uint8Array(1) : hashed.slice(0, longest)
    return bcryptVerify({ password: key, hash: `$2${version}$${cost}$${salt}${hash}` })
  },
}

function trimmed(password: Bytes): Bytes {
  const isBlank = (byte: number | undefined) => byte !== undefined && [0, 9, 10, 11, 13, 32].includes(byte)
  let [start, end] = [0, password.length]
  while (start < end && isBlank(password[start])) start++
  while (end > start && isBlank(password[end - 1])) end--
  return password.slice(start, end)
}

async function hmac(hash: 'SHA-256' | 'SHA-384', key: Bytes, message: Bytes): Promise<Bytes> {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, message))
}

function padded(base64: string): string {
  return base64.padEnd(Math.ceil(base64.length / 4) * 4, '=')
}

interface BcryptParts {
  readonly version: string
  readonly cost: number
  readonly salt: string
  readonly hash: string
}

/** @param pepper bytes that follow the password */
export function bcryptHash({ version, cost, salt, hash }: BcryptParts, transform?: BcryptTransform, pepper?: Uint8Array): string {
  const of = transform === undefined ? '' : `,of=${transform}`
  const behind = pepper === undefined || pepper.length === 0 ? '' : `:${toBase64(pepper)}`
  return `$bcrypt$v=${version},c=${String(cost).padStart(2, '0')}${of}$${salt}${behind}$${hash}`
}
