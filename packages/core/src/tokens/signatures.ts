import { z } from 'zod'
import { pageInput, pageOf } from '../kernel/page.ts'
import { changes, group, reads } from '../kernel/signature.ts'
import { organizationId, tokenId, userId } from '../kernel/ids.ts'
import { unknownPermission } from '../grants/errors.ts'
import { audienceUnknown, notServiceUser, scopeTooWide, signedCredential, tokenOver, tooManyTokens } from './errors.ts'
import { ApiToken, IssuedToken, lifetimeDays, NewApiToken, scopes, shownToken, tokenIps, tokenName, tokenState } from './model.ts'

const caller = z
  .string()
  .max(64)
  .optional()
  .meta({ description: 'the network address that the token came from; without it, a token with allowed addresses is not active' })

/** The actions of `tokens`. */
export const tokensSignatures = group('tokens', {
  create: changes({
    summary: 'Create an API token; its secret is shown only once',
    grantedTo: ['admin'],
    errors: [unknownPermission, scopeTooWide, tooManyTokens, notServiceUser],
    input: z.strictObject({
      name: tokenName,
      scopes: scopes.optional(),
      lifetimeDays: lifetimeDays.optional(),
      allowedIps: tokenIps.default([]),
      organizationId: organizationId.optional().meta({ description: 'the only organization that it acts in (default: all of its user)' }),
      userId: userId.optional().meta({ description: 'the service user that it is for (default: yourself)' }),
    }),
    output: NewApiToken,
  }),
  list: reads({
    summary: 'List API tokens, newest first',
    grantedTo: ['admin'],
    input: z.strictObject({
      ...pageInput,
      userId: userId.optional().meta({ description: 'whose tokens (default: your own)' }),
      state: tokenState.optional(),
    }),
    output: pageOf(ApiToken),
  }),
  get: reads({
    summary: 'Show an API token, without its secret',
    grantedTo: ['admin'],
    input: z.strictObject({ tokenId }),
    output: ApiToken,
  }),
  revoke: changes({
    summary: 'Revoke an API token at once',
    grantedTo: ['admin'],
    input: z.strictObject({ tokenId }),
    output: ApiToken,
  }),
  rotate: changes({
    summary: 'Replace an API token by one with a new secret and the same limits',
    grantedTo: ['admin'],
    errors: [tooManyTokens, notServiceUser, tokenOver],
    input: z.strictObject({
      tokenId,
      overlapSeconds: z
        .int()
        .min(0)
        .max(7 * 86_400)
        .default(0)
        .meta({ description: 'how long the old one goes on working, at most seven days' }),
    }),
    output: NewApiToken,
  }),
  verify: changes({
    summary: 'Show whose token this is, and what it may do',
    input: z.strictObject({ token: shownToken, ip: caller }),
    output: z.discriminatedUnion('active', [
      z.object({ active: z.literal(false) }),
      z.object({
        active: z.literal(true),
        kind: z.enum(['access', 'api', 'websocket', 'agent']),
        user: z.object({ id: userId, username: z.string() }),
        tokenId: tokenId.meta({ description: 'for a signed token, the one that it was issued from' }),
        scopes: z.array(z.string()).nullable().meta({ description: 'null: all that its user may do' }),
        organizationId: organizationId.nullable().meta({ description: 'the only organization that it acts in; null: any' }),
        audience: z.string().nullable().meta({ description: 'the audience of a signed token' }),
        impersonator: z
          .object({ id: z.string(), username: z.string() })
          .nullable()
          .meta({ description: 'who acts as this user; null: they do themselves' }),
        pendingSteps: z
          .array(z.string())
          .meta({ description: 'the pending steps of its user; until they are done it is good for little else' }),
        expiresAt: z.date().nullable(),
      }),
    ]),
  }),
  introspect: changes({
    summary: 'Introspect a token (RFC 7662)',
    input: z.strictObject({ token: shownToken, token_type_hint: z.string().max(64).optional(), ip: caller }),
    output: z.object({
      active: z.boolean(),
      scope: z.string().optional(),
      client_id: z.string().optional(),
      username: z.string().optional(),
      token_type: z.literal('Bearer').optional(),
      exp: z.int().optional(),
      iat: z.int().optional(),
      sub: z.string().optional(),
      aud: z.string().optional(),
      iss: z.string().optional(),
      jti: z.string().optional(),
      act: z
        .object({ sub: z.string(), username: z.string() })
        .optional()
        .meta({ description: 'who acts as this user (RFC 8693, 4.1): the token is of an impersonation' }),
      org_id: z
        .string()
        .optional()
        .meta({ description: 'the organization that the token is limited to; else the current one of its session' }),
    }),
  }),
  issueWebsocket: reads({
    summary: 'Issue a token that opens a websocket, for five minutes',
    errors: [signedCredential],
    input: z.strictObject({}),
    output: IssuedToken,
  }),
  issueAgent: reads({
    summary: 'Issue a token for an agent, for fifteen minutes',
    errors: [unknownPermission, scopeTooWide, audienceUnknown, signedCredential],
    input: z.strictObject({
      audience: z.url().max(500).optional().meta({ description: 'its audience: one of the configured ones (default: Denizen)' }),
      scopes: scopes.optional(),
    }),
    output: IssuedToken,
  }),
})
