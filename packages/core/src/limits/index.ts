export { factorNotAllowed } from './errors.ts'
export { limitsFor, limitsOfOrganization, limitsOfUserId, policiesHeldBy, policiesHeldIn } from './load.ts'
export type { AllLimits, Limits } from './model.ts'
export { changedLimits, combineLimits, dependenciesOn, effectiveLimits, policiesIn, policiesOfUser, whicheverIsDefault } from './rules.ts'
