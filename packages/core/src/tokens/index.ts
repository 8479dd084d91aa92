export { SigningKeyRow, TokenRow } from './entity.ts'
export type { TokenId } from './model.ts'
export { derivedToken, equalInConstantTime, idInToken, mintToken, parseToken } from './opaque.ts'
export { issueTokens, type TokenPair } from './pair.ts'
