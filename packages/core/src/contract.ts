import { createUserSignature, currentUserSignature, importUsersSignature, setUserStatusSignature } from './accounts/signatures.ts'
import { whoAmISignature } from './sessions/signatures.ts'
import { signInSignature, signOutSignature } from './signin/signatures.ts'
import { findUserSignature, getUserSignature, listUsersSignature, updateUserSignature } from './users/signatures.ts'

/**
 * What a client may know: the signature of every action, by namespace. Nothing
 * here, or below here, imports an ORM or a driver.
 */
export const signatures = {
  auth: { signIn: signInSignature, signOut: signOutSignature },
  sessions: { whoami: whoAmISignature },
  users: {
    create: createUserSignature,
    current: currentUserSignature,
    find: findUserSignature,
    get: getUserSignature,
    import: importUsersSignature,
    list: listUsersSignature,
    setStatus: setUserStatusSignature,
    update: updateUserSignature,
  },
} as const

export type Signatures = typeof signatures

export { DenizenError, type ErrorDetails, type ErrorKind, type InputIssue } from './kernel/errors.ts'
export type { ActionKind, InputOf, OutputOf, Signature } from './kernel/signature.ts'
export { holdsSecret, withoutSecrets } from './kernel/secret.ts'
export type { Plan, RowChanges } from './kernel/plan.ts'
export type { JsonObject } from './kernel/text.ts'
export { User, type UserId } from './users/model.ts'
export { WhoAmI } from './sessions/model.ts'
export { SignedIn } from './signin/model.ts'
export { OrganizationSummary } from './organizations/model.ts'
export { keycloakRealm, type KeycloakRealm } from './accounts/import/keycloak.ts'
export { largestImport } from './accounts/signatures.ts'
