import { z } from 'zod'
import type { Id } from '../kernel/id.ts'
import { secret } from '../kernel/secret.ts'
import { singleLine } from '../text/index.ts'
import { organizationId, tokenId, userId } from '../kernel/ids.ts'
import { allowedIps } from '../kernel/allowed-ips.ts'

export type TokenId = Id<'tok'>
/** Opaque tokens that stand for a user. */
export type TokenKind = 'access' | 'refresh' | 'api'

/** API tokens that a user may have at once. */
export const mostApiTokens = 100

export const tokenName = singleLine(100).pipe(z.string().min(1)).meta({ description: 'what it is for' })

/** A permission, or many: `users.get`, `users.*`, `queries`, `*`. */
const scope = z
  .string()
  .max(64)
  .regex(/^(?:\*|queries|[a-zA-Z]+\.(?:\*|[a-zA-Z]+))$/, 'the name of an action, all of a group (users.*), queries or *')
export const scopes = z
  .array(scope)
  .min(1)
  .max(100)
  .transform((patterns) => [...new Set(patterns)].sort())
  .meta({ description: 'actions that it may call, by name or as users.*, queries or *' })

export const tokenIps = allowedIps.meta({ description: 'addresses or CIDR blocks that it may be used from; none: from anywhere' })

export const lifetimeDays = z.int().min(1).max(3650).meta({ description: 'days until it expires' })

export const tokenState = z.enum(['active', 'expired', 'revoked', 'replaced'])
export type TokenState = z.infer<typeof tokenState>

/** An API token as it is shown: everything but its secret. */
export const ApiToken = z.object({
  id: tokenId,
  userId,
  name: z.string(),
  prefix: z.string().meta({ description: 'the beginning of its text, to recognize it by' }),
  state: tokenState,
  scopes: z.array(z.string()).nullable().meta({ description: 'null: all that its user may do' }),
  organizationId: organizationId.nullable().meta({ description: 'the only organization that it acts in' }),
  allowedIps: z.array(z.string()),
  createdBy: userId.nullable().meta({ description: 'null: the operator of the machine' }),
  createdAt: z.date(),
  expiresAt: z.date().nullable().meta({ description: 'null: lasts until it is revoked' }),
  lastUsedAt: z.date().nullable().meta({ description: 'to the minute' }),
  revokedAt: z.date().nullable(),
  replacedBy: tokenId.nullable().meta({ description: 'the token that it was rotated into' }),
})
export type ApiToken = z.infer<typeof ApiToken>

/** The only answer with the secret. */
export const NewApiToken = z.object({
  token: ApiToken,
  secret: secret(z.string()).meta({ description: 'the token itself; shown only once' }),
})

/** A signed token that lasts a few minutes. */
export const IssuedToken = z.object({ token: secret(z.string()), expiresAt: z.date() })

/** The text of a token. */
export const shownToken = secret(z.string().min(1).max(8192))
