import type { Id } from '../kernel/id.ts'

export type TokenId = Id<'tok'>
/** Opaque tokens. Only `access` is issued so far. */
export type TokenKind = 'access' | 'refresh' | 'api'
