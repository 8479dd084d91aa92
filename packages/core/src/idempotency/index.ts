export { findUse, storeAnswer, takeKey, type EarlierUse, type IdempotencyKey } from './repository.ts'
