export { Authenticator } from './authenticator.ts'
export { PrincipalCache } from './cache.ts'
export { downscope } from './downscope.ts'
export { asksForFactor, loadPrincipals, pendingStepsOf } from './principal.ts'
