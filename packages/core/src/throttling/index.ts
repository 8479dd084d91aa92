export { tooManyAttempts } from './errors.ts'
export {
  admit,
  countFailure,
  forgetFailures,
  guess,
  isOverBudget,
  secondsToWait,
  secondsUntilAdmitted,
  throttleKeys,
  type ThrottleKeys,
} from './throttle.ts'
export { askingNetwork, countMail, countMailOfNetwork, isKnownNetwork } from './mails.ts'
export { recordRefusal } from './refusals.ts'
export { admitFromNetwork, countInHour, secondsLeftOfHour } from './windows.ts'
