import { createHmac } from 'node:crypto'
import { betterAuth } from 'better-auth'
import { admin, bearer } from 'better-auth/plugins'
import { Pool } from 'pg'

/** Bytes that sign its cookies; nothing here outlives the run. */
export const secret = 'a secret for nothing but this benchmark'

export const baseURL = 'http://127.0.0.1:4100'

/**
 * better-auth as its documentation sets it up on PostgreSQL, with everything
 * that only costs switched off: rate limit, telemetry. Its pool is pg's default (10).
 */
export function betterAuthOptions(database: Pool) {
  return {
    baseURL,
    secret,
    database,
    emailAndPassword: { enabled: true },
    plugins: [admin(), bearer()],
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
  } as const
}

export function createBetterAuth(database: Pool) {
  return betterAuth(betterAuthOptions(database))
}

/** A session's cookie, signed as better-auth signs it: HMAC-SHA-256 of the token, in base64. */
export function sessionCookie(token: string): string {
  const signature = createHmac('sha256', secret).update(token).digest('base64')
  return `better-auth.session_token=${encodeURIComponent(`${token}.${signature}`)}`
}
