export { SigningKeyRow, TokenRow } from './entity.ts'
export type { TokenId } from './model.ts'
export { derivedToken, equalInConstantTime, idInToken, mintToken, parseToken } from './opaque.ts'
export { issueTokens, newPairIds, pairText, partnerOf, type TokenPair } from './pair.ts'
