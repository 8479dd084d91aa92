import { printable } from '../../text/index.ts'
import { fromBase64, fromHex, type Bytes } from '../hashes/bytes.ts'
import { digestLengths, isDigestName, type DigestName } from '../hashes/digests.ts'

/** Why a hash cannot be taken over. */
export class UnreadableHash extends Error {}

export function refuse(problem: string): never {
  throw new UnreadableHash(problem)
}

/** A password as a system wrote it: the hash, and what stands in fields of its own. */
export interface ForeignHash {
  readonly hash: string
  readonly parameters: Readonly<Record<string, unknown>>
}

/** A hash as it is stored here, or why there is none. */
export type ReadHash = { readonly hash: string } | { readonly problem: string }

/** Gives the hash as it is stored here, or throws `UnreadableHash`. */
export type Reader = (foreign: ForeignHash) => string

/** The name at the beginning, for errors: never more than what says the kind, and nothing of a password in clear text with a `$` in it. */
function beginning(hash: string): string {
  return printable(/^(?:[${][A-Za-z0-9_.-]{1,32}(?=[$:}])|[a-z0-9_-]{1,32}(?=[$:][^$:]*[$:]))/.exec(hash)?.[0] ?? hash.slice(0, 1), 40)
}

export function unknownKind(hash: string): never {
  return refuse(`hashes that begin with "${beginning(hash)}" are not read from this system`)
}

/** Base64 of the web as well, and passlib's, which has `.` for `+`. */
export function base64Bytes(text: string, what = 'the hash'): Bytes {
  return fromBase64(text.replaceAll(/[-.]/g, '+').replaceAll('_', '/')) ?? refuse(`${what} is not base64`)
}

export function hexBytes(text: string, what = 'the hash'): Bytes {
  return fromHex(text) ?? refuse(`${what} is not hexadecimal`)
}

/** A digest of the right length. */
export function digestBytes(digest: DigestName, bytes: Bytes): Bytes {
  if (bytes.length !== digestLengths[digest]) refuse(`the hash has ${bytes.length} bytes; ${digest} makes ${digestLengths[digest]}`)
  return bytes
}

/** A number in a hash, without sign, spaces or leading zeros. */
export function count(text: string | undefined, what: string): number {
  if (!/^(?:0|[1-9]\d{0,9})$/.test(text ?? '')) refuse(`${what} is not a number`)
  return Number(text)
}

/** `SHA-256`, `sha256`, `HMAC-SHA256`: the digest. */
export function digestNamed(text: string): DigestName {
  const name = text.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  return isDigestName(name) ? name : refuse(`the digest ${printable(text, 40)} is not known`)
}

export function textParameter({ parameters }: ForeignHash, name: string): string {
  const value = parameters[name]
  return typeof value === 'string' ? value : refuse(`the parameter ${name} is needed`)
}

export function optionalText(foreign: ForeignHash, name: string, otherwise: string): string {
  return foreign.parameters[name] === undefined || foreign.parameters[name] === null ? otherwise : textParameter(foreign, name)
}

/** A number, which exports to CSV write as text. */
export function countParameter({ parameters }: ForeignHash, name: string, otherwise?: number): number {
  const value = parameters[name] ?? otherwise
  return count(typeof value === 'number' || typeof value === 'string' ? String(value) : undefined, `the parameter ${name}`)
}

/** The logarithm of scrypt's N. */
export function logarithm(n: number): number {
  const logN = Math.log2(n)
  return Number.isInteger(logN) ? logN : refuse(`N=${n} is no power of two`)
}
