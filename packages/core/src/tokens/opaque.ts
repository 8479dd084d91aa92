import type { Digest } from '../ports/digest.ts'
import type { Random } from '../ports/random.ts'
import { isId, type Id } from '../kernel/id.ts'
import type { TokenId, TokenKind } from './model.ts'

/**
 * Opaque tokens: `dnz_<kind>_<id>_<secret><checksum>`. The id finds the row, the
 * secret (256 bits, base62) proves it, and the checksum (CRC-32, 6 letters) lets
 * scanners tell a leaked token from noise without asking us.
 */
const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const secretLength = 43
const checksumLength = 6
const form = new RegExp(`^dnz_(access|refresh|api|invite)_([0-9a-z]{26})_([0-9A-Za-z]{${secretLength + checksumLength}})$`)

/** No token is longer; longer text is not looked at. */
export const maximumTokenLength = 128

/** A new token's text, to be shown once, and the hash to be kept. */
export function mintToken(
  kind: TokenKind,
  id: TokenId,
  { random, digest }: { random: Random; digest: Digest },
): { text: string; hash: string } {
  const body = `dnz_${kind}_${id.slice('tok_'.length)}_${randomText(random)}`
  const text = body + checksum(body)
  return { text, hash: digest.sha256(text) }
}

/**
 * The token in the link of an invitation. Its secret is not drawn but made of a
 * fingerprint (256 bits, base64url) that only the master key gives: whoever sends
 * the mail makes it again, so that no secret waits in a queue for its turn.
 */
export function invitationToken(id: Id<'inv'>, fingerprint: string): string {
  const body = `dnz_invite_${id.slice('inv_'.length)}_${base62(fingerprint)}`
  return body + checksum(body)
}

/** What a token says of itself: whose it is, by the kind. */
export type ParsedToken = { readonly kind: TokenKind; readonly id: TokenId } | { readonly kind: 'invite'; readonly id: Id<'inv'> }

/** What a token says of itself, or null when it is not one of ours: another form, or a letter changed. */
export function parseToken(text: string): ParsedToken | null {
  if (text.length > maximumTokenLength) return null
  const parts = form.exec(text)
  if (parts === null) return null
  const id = `tok_${parts[2] ?? ''}` as const
  if (!isId('tok', id) || checksum(text.slice(0, -checksumLength)) !== text.slice(-checksumLength)) return null
  const kind = parts[1] as ParsedToken['kind']
  return kind === 'invite' ? { kind, id: `inv_${parts[2] ?? ''}` } : { kind, id }
}

/** Whether two hashes are the same, in a time that does not tell where they differ. */
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
