import { createHmac } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { betterAuth, type BetterAuthOptions } from 'better-auth'
import { apiKey } from '@better-auth/api-key'
import { admin, bearer } from 'better-auth/plugins'
import type { Pool } from 'pg'
import { cost } from '../packages/runtime/src/argon2-cost.ts'

/** Bytes that sign its cookies; nothing here outlives the run. */
export const secret = 'a secret for nothing but this benchmark'

export const betterAuthOrigin = 'http://127.0.0.1:4100'

/** The hash that Denizen makes, at the same cost; better-auth's own is scrypt and several times slower. */
const argon2id = {
  hash: (password: string) => hash(password, cost),
  verify: ({ hash: made, password }: { hash: string; password: string }) => verify(made, password),
}

/**
 * better-auth as its documentation sets it up on PostgreSQL, with everything
 * that only costs switched off: rate limit, telemetry. Its pool is pg's default (10).
 */
export function betterAuthOptions(database: Pool) {
  return {
    baseURL: betterAuthOrigin,
    secret,
    database,
    emailAndPassword: { enabled: true, password: argon2id },
    plugins: [admin(), bearer(), apiKey({ enableSessionForAPIKeys: true, rateLimit: { enabled: false } })],
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
  } satisfies BetterAuthOptions
}

export function createBetterAuth(database: Pool) {
  return betterAuth(betterAuthOptions(database))
}

/** A session's cookie, signed as better-auth signs it: HMAC-SHA-256 of the token, in base64. */
export function sessionCookie(token: string): string {
  const signature = createHmac('sha256', secret).update(token).digest('base64')
  return `better-auth.session_token=${encodeURIComponent(`${token}.${signature}`)}`
}
