import type { Cipher } from '../ports/cipher.ts'

/**
 * AES-256-GCM and HMAC-SHA-256 by Web Crypto. Each use has its own key, derived from the master key (HKDF, RFC 5869). Sealed text begins
 * with a key version, so that keys can be rotated.
 */
export async function aesCipher(masterKey: Uint8Array<ArrayBuffer>): Promise<Cipher> {
  if (masterKey.length !== 32) throw new RangeError('the master key must be 32 bytes')
  const master = await crypto.subtle.importKey('raw', masterKey, 'HKDF', false, ['deriveKey'])
  const derive = (info: string, algorithm: AesKeyGenParams | HmacKeyGenParams, usages: KeyUsage[]) =>
    crypto.subtle.deriveKey({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: utf8(info) }, master, algorithm, false, usages)
  const sealing = await derive('denizen/seal/1', { name: 'AES-GCM', length: 256 }, ['encrypt', 'decrypt'])
  const marking = await derive('denizen/fingerprint/1', { name: 'HMAC', hash: 'SHA-256', length: 256 }, ['sign'])
  return {
    async seal(context, plaintext) {
      const iv = crypto.getRandomValues(new Uint8Array(12))
      const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: utf8(context) }, sealing, utf8(plaintext))
      return `1.${base64url(iv)}.${base64url(new Uint8Array(sealed))}`
    },
    async open(context, sealed) {
      const [version, iv, body] = sealed.split('.')
      if (version !== '1' || iv === undefined || body === undefined) return null
      try {
        const parameters = { name: 'AES-GCM', iv: fromBase64url(iv), additionalData: utf8(context) }
        return new TextDecoder().decode(await crypto.subtle.decrypt(parameters, sealing, fromBase64url(body)))
      } catch {
        return null // Web Crypto does not say why it failed: forged, moved, truncated, or sealed with another key
      }
    },
    async fingerprint(context, text) {
      return base64url(new Uint8Array(await crypto.subtle.sign('HMAC', marking, utf8(`${context}\n${text}`))))
    },
  }
}

interface AesKeyGenParams {
  readonly name: 'AES-GCM'
  readonly length: number
}
interface HmacKeyGenParams {
  readonly name: 'HMAC'
  readonly hash: string
  readonly length: number
}
type KeyUsage = 'encrypt' | 'decrypt' | 'sign'

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text)
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (letter) => letter.charCodeAt(0))
}
