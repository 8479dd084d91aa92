export { nameOfNobody, recordLoginAttempt } from './record.ts'
