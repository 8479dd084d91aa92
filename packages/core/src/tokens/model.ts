import type { Id } from '../kernel/id.ts'

export type TokenId = Id<'tok'>
/** Opaque tokens that stand for a user. Only `access` is issued so far. */
export type TokenKind = 'access' | 'refresh' | 'api'
