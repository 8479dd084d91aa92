export { TokenRow } from './entity.ts'
export type { TokenId } from './model.ts'
export { equalInConstantTime, invitationToken, mintToken, parseToken } from './opaque.ts'
