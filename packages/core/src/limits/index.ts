export { factorNotAllowed } from './errors.ts'
export { limitsFor, limitsOfOrganization, limitsOfUserId, policiesHeldBy, policiesHeldIn } from './load.ts'
export type { AllLimits, Limits } from './model.ts'
export { changedLimits, combineLimits, dependenciesOn, effectiveLimits, policiesIn, policiesOfUser, anyDefaultPolicy } from './rules.ts'
