import { equalInConstantTime } from '../../tokens/index.ts'

/** A webhook as received; not verified yet. */
export interface SignedWebhook {
  readonly id: string
  /** Seconds since the epoch, as text. */
  readonly timestamp: string
  /** `v1,<base64> v1,<base64>`: one for each secret while they change. */
  readonly signature: string
  /** The body, byte for byte as UTF-8. */
  readonly body: string
}

/** Seconds of tolerance for a webhook's timestamp, against replay. */
const tolerance = 5 * 60

/** Whether a webhook was signed with a secret (Standard Webhooks 1.0; Svix signs the same under headers of its own). */
export async function isSigned({ id, timestamp, signature, body }: SignedWebhook, secret: string, now: Date): Promise<boolean> {
  const at = /^\d{1,12}$/.test(timestamp) ? Number(timestamp) : Number.NaN
  if (!(Math.abs(now.getTime() / 1000 - at) <= tolerance) || id === '' || id.includes('.')) return false
  const bytes = bytesOf(secret.replace(/^whsec_/, ''))
  if (bytes === null) return false
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  const signed = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(`${id}.${timestamp}.${body}`))
  const expected = `v1,${btoa(String.fromCodePoint(...new Uint8Array(signed)))}`
  return signature.split(' ').reduce((found, one) => equalInConstantTime(expected, one) || found, false)
}

/** null: the secret is none, and signs nothing. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> | null {
  try {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
    return bytes.length === 0 ? null : bytes
  } catch {
    return null
  }
}
