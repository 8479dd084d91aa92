export { tooManyAttempts } from './errors.ts'
export {
  admit,
  countFailure,
  forgetFailures,
  guess,
  secondsToWait,
  secondsUntilAdmitted,
  throttleKeys,
  type ThrottleKeys,
} from './throttle.ts'
export { admitFromNetwork, countInHour, hourOf } from './windows.ts'
