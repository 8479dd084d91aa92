export { claimKey, deleteOldKeys, keepAnswer, type Claim } from './repository.ts'
