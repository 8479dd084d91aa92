export { recordLoginAttempt } from './record.ts'
