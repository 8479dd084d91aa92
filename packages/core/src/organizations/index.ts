export { firstMembership, membershipsOf } from './repository.ts'
