import type { Digest } from '../ports/digest.ts'
import type { Random } from '../ports/random.ts'
import { isId } from '../kernel/id.ts'
import type { TokenId, TokenKind } from './model.ts'

/**
 * Opaque tokens: `dnz_<kind>_<id>_<secret><checksum>`. The id finds the row, the
 * secret (256 bits, base62) proves it, and the checksum (CRC-32, 6 letters) lets
 * scanners tell a leaked token from noise without asking us.
 */
const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const secretLength = 43
const checksumLength = 6
const form = new RegExp(`^dnz_(access|refresh|api)_([0-9a-z]{26})_([0-9A-Za-z]{${secretLength + checksumLength}})$`)

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

/** What a token says of itself, or null when it is not one of ours: another form, or a letter changed. */
export function parseToken(text: string): { kind: TokenKind; id: TokenId } | null {
  if (text.length > maximumTokenLength) return null
  const parts = form.exec(text)
  if (parts === null) return null
  const id = `tok_${parts[2] ?? ''}` as const
  if (!isId('tok', id) || checksum(text.slice(0, -checksumLength)) !== text.slice(-checksumLength)) return null
  return { kind: parts[1] as TokenKind, id }
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
