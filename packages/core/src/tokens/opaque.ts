import type { Digest } from '../ports/digest.ts'
import type { Random } from '../ports/random.ts'
import { isId, type Id } from '../kernel/id.ts'

/**
 * Opaque tokens: `dnz_<kind>_<id>_<secret><checksum>`. The id finds the row, the
 * secret (256 bits, base62) proves it, and the checksum (CRC-32, 6 letters) lets
 * scanners tell a leaked token from noise without asking us.
 */
const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const secretLength = 43
const checksumLength = 6

/** Every kind of token, and what its id is the id of. */
const prefixes = {
  access: 'tok',
  refresh: 'tok',
  api: 'tok',
  invite: 'inv',
  verify: 'ver',
  challenge: 'chl',
  device: 'dev',
} as const
type Prefixes = typeof prefixes

const form = new RegExp(`^dnz_(${Object.keys(prefixes).join('|')})_([0-9a-z]{26})_([0-9A-Za-z]{${secretLength + checksumLength}})$`)

/** No token is longer; longer text is rejected. */
export const maximumTokenLength = 128

/** Creates a token: its text, to be shown once, and the hash to be stored. */
export function mintToken<Kind extends OpaqueKind>(
  kind: Kind,
  id: Id<Prefixes[Kind]>,
  { random, digest }: { random: Random; digest: Digest },
): { text: string; hash: string } {
  const text = textOf(kind, id, randomText(random))
  return { text, hash: digest.sha256(text) }
}

/**
 * A token whose secret is not random but derived from a fingerprint (256 bits, base64url)
 * that needs the master key: who needs it later, to send it by mail or to
 * repeat an answer, derives it again, and no secret is stored.
 */
export function derivedToken<Kind extends OpaqueKind>(kind: Kind, id: Id<Prefixes[Kind]>, fingerprint: string): string {
  return textOf(kind, id, base62(fingerprint))
}

function textOf(kind: OpaqueKind, id: string, secret: string): string {
  const body = `dnz_${kind}_${id.slice(id.lastIndexOf('_') + 1)}_${secret}`
  return body + checksum(body)
}

export type OpaqueKind = keyof Prefixes

/** The kind and id in a token. */
export type ParsedToken = { [Kind in OpaqueKind]: { readonly kind: Kind; readonly id: Id<Prefixes[Kind]> } }[OpaqueKind]

/** Parses a token; null: not a Denizen token, or the checksum is wrong. */
export function parseToken(text: string): ParsedToken | null {
  if (text.length > maximumTokenLength) return null
  const parts = form.exec(text)
  if (parts === null) return null
  const [, kind, suffix] = parts as unknown as [string, OpaqueKind, string]
  if (!isId('tok', `tok_${suffix}`) || checksum(text.slice(0, -checksumLength)) !== text.slice(-checksumLength)) return null
  return { kind, id: `${prefixes[kind]}_${suffix}` } as ParsedToken
}

/** The id in a token of one kind; null: not such a token. The token is not verified yet. */
export function idInToken<Kind extends OpaqueKind>(kind: Kind, text: string): Id<Prefixes[Kind]> | null {
  const parsed = parseToken(text)
  return parsed?.kind === kind ? (parsed.id as Id<Prefixes[Kind]>) : null
}

/** Compares two hashes in constant time. */
export function equalInConstantTime(left: string, right: string): boolean {
  let difference = left.length ^ right.length
  for (let index = 0; index < left.length; index++) difference |= left.charCodeAt(index) ^ right.charCodeAt(index)
  return difference === 0
}

/** 256 bits in base64url as 43 letters of base62, which hold just as many. */
function base62(fingerprint: string): string {
  let value = 0n
  for (const letter of atob(fingerprint.replaceAll('-', '+').replaceAll('_', '/'))) value = (value << 8n) | BigInt(letter.charCodeAt(0))
  let text = ''
  for (; value > 0n; value /= 62n) text = (letters[Number(value % 62n)] ?? '') + text
  return text.padStart(secretLength, '0')
}

/** 43 letters of base62, each drawn evenly: bytes past the last whole multiple of 62 are thrown away. */
function randomText(random: Random): string {
  let text = ''
  while (text.length < secretLength) {
    for (const byte of random.bytes(64)) if (byte < 248 && text.length < secretLength) text += letters[byte % 62] ?? ''
  }
  return text
}

function checksum(text: string): string {
  let value = crc32(text)
  let encoded = ''
  for (let index = 0; index < checksumLength; index++) {
    encoded = (letters[value % 62] ?? '') + encoded
    value = Math.floor(value / 62)
  }
  return encoded
}

/** CRC-32 (ISO 3309, as in PNG) of ASCII text. */
function crc32(text: string): number {
  let crc = 0xffffffff
  for (let index = 0; index < text.length; index++) {
    crc ^= text.charCodeAt(index)
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}
