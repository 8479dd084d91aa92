export { insertUser } from './account.ts'
export { writeLastSeen } from './activity/repository.ts'
export { usernameFor } from './creation.ts'
export { rememberStatus } from './lifecycle/history.ts'
export { changeStatus } from './lifecycle/status.ts'
export {
  accountTarget,
  changedAccountTarget,
  changedMeantAccountTarget,
  meantAccountTarget,
  overAccount,
  ownAccountTarget,
  userMeant,
} from './target.ts'
export { keepAWayIn, waysIn, type WaysIn } from './ways-in.ts'
export { handOver, mayBeHandedOver } from './handover.ts'
