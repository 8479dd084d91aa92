export { LoginAttemptRow } from './entity.ts'
export { recordLoginAttempt } from './record.ts'
