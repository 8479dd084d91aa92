export { TokenRow } from './entity.ts'
export type { TokenId } from './model.ts'
export { mintToken, parseToken } from './opaque.ts'
