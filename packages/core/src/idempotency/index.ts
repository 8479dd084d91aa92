export { deleteOldKeys, findUse, storeAnswer, takeKey, type EarlierUse, type IdempotencyKey } from './repository.ts'
