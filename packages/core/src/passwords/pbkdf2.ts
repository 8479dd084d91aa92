import { mostIterations, pbkdf2Format } from './model.ts'

const subtleNames: Readonly<Record<string, string>> = { sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' }

export function isPbkdf2(hash: string): boolean {
  return hash.startsWith('$pbkdf2-')
}

/** Whether the password made the hash; false for one that is malformed or too dear to check. */
export async function verifyPbkdf2(hash: string, password: string): Promise<boolean> {
  const parts = pbkdf2Format.exec(hash)
  if (parts === null) return false
  const [, digest = '', iterations = '', salt = '', expected = ''] = parts
  if (Number(iterations) > mostIterations(digest)) return false
  const wanted = bytesOf(expected)
  const key = await crypto.subtle.importKey('raw', new TextEncoder().encode(password), 'PBKDF2', false, ['deriveBits'])
  const algorithm = { name: 'PBKDF2', hash: subtleNames[digest] ?? '', salt: bytesOf(salt), iterations: Number(iterations) }
  const derived = new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, wanted.length * 8))
  return derived.reduce((difference, byte, index) => difference | (byte ^ (wanted[index] ?? 0)), 0) === 0
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
}
