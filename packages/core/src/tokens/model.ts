import { idSchema, type Id } from '../kernel/id.ts'

export const tokenId = idSchema('tok')
export type TokenId = Id<'tok'>
/** Opaque tokens that stand for a user. */
export type TokenKind = 'access' | 'refresh' | 'api'
