export { Authenticator } from './authenticator.ts'
export { PrincipalCache } from './cache.ts'
export { loadPrincipals, type PrincipalLock } from './principal.ts'
export { beginSession, endSessions } from './repository.ts'
