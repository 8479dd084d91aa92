export { RequestRate } from './rate.ts'
