export { claimKey, deleteOldKeys, storeAnswer, type Claim } from './repository.ts'
