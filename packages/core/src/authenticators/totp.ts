import { Secret, TOTP } from 'otpauth'
import { renderSVG } from 'uqr'
import type { Random } from '../ports/index.ts'

/** The parameters that every authenticator app supports (RFC 6238): SHA-1, six digits, a new code every 30 seconds. */
const parameters = { algorithm: 'SHA1', digits: 6, period: 30 } as const

/** Bytes of a key: as many as SHA-1 makes (RFC 4226: 4, R6). */
const keyLength = 20

/** Time steps before and after now that are looked at: clocks differ, and typing takes its time (RFC 6238: 5.2). */
const window = 1

/** A new key, in base32, as apps take it. */
export function newKey(random: Random): string {
  return new Secret({ buffer: random.bytes(keyLength).slice().buffer }).base32
}

/**
 * The time step whose code this is, or null. Of two neighbours with the same code it
 * gives the one nearer to now. That a step counts once is up to the caller.
 */
export function stepOf(key: string, code: string, now: Date): number | null {
  const token = code.replaceAll(/[\s-]/g, '')
  if (!/^\d{6}$/.test(token)) return null
  const timestamp = now.getTime()
  const delta = TOTP.validate({ ...parameters, token, secret: Secret.fromBase32(key), timestamp, window })
  return delta === null ? null : TOTP.counter({ period: parameters.period, timestamp }) + delta
}

/** A text as a picture (SVG) that phones read, with the quiet zone around it that ISO/IEC 18004 asks for. */
export function qrCode(text: string): string {
  return renderSVG(text, { border: 4 })
}

/** The otpauth URI that an app reads from the QR code: account and issuer. A colon in either would be read as the one between them. */
export function keyUri(key: string, issuer: string, label: string): string {
  const plain = (text: string) => text.replaceAll(':', '.')
  return new TOTP({ ...parameters, issuer: plain(issuer), label: plain(label), secret: Secret.fromBase32(key) }).toString()
}
