export type Bytes = Uint8Array<ArrayBuffer>

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text)
}

/** Standard base64, with padding or without; null: it is not that, or its last letter says more than the bytes do. */
export function fromBase64(text: string): Bytes | null {
  const letters = text.replace(/={1,2}$/, '')
  if (!/^[A-Za-z0-9+/]*$/.test(letters) || letters.length % 4 === 1) return null
  const bytes = Uint8Array.from(atob(letters), (letter) => letter.charCodeAt(0))
  return toBase64(bytes) === letters ? bytes : null
}

/** Standard base64 without padding, as it stands in PHC strings. */
export function toBase64(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('=', '')
}

export function fromHex(text: string): Bytes | null {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) return null
  return Uint8Array.from({ length: text.length / 2 }, (_, index) => Number.parseInt(text.slice(index * 2, index * 2 + 2), 16))
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function joined(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** In a time that does not tell where they differ. Two empty ones are not equal: they would match every password. */
export function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length || one.length === 0) return false
  return one.reduce((difference, byte, index) => difference | (byte ^ (other[index] ?? 0)), 0) === 0
}

/** The letters of crypt(3), in the order of their values. */
export const cryptLetters = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Bytes in the letters of crypt(3), the first in the lowest bits, as phpass and `$7$` write them. */
export function toCryptLetters(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const group = bytes.subarray(at, at + 3)
    let value = group.reduce((sum, byte, index) => sum | (byte << (8 * index)), 0)
    for (let letter = 0; letter <= group.length; letter++) {
      text += cryptLetters[value & 63]
      value >>>= 6
    }
  }
  return text
}

export function fromCryptLetters(text: string): Bytes | null {
  const bytes: number[] = []
  let [value, bits] = [0, 0]
  for (const letter of text) {
    const six = cryptLetters.indexOf(letter)
    if (six < 0) return null
    value |= six << bits
    bits += 6
    if (bits < 8) continue
    bytes.push(value & 255)
    value >>>= 8
    bits -= 8
  }
  const found = Uint8Array.from(bytes)
  return toCryptLetters(found) === text ? found : null
}
