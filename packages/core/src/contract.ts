import { accountsSignatures } from './accounts/signatures.ts'
import { bulkSignatures } from './accounts/bulk/signatures.ts'
import { directorySignatures } from './accounts/directory/signatures.ts'
import { lifecycleSignatures } from './accounts/lifecycle/signatures.ts'
import { profileSignatures } from './accounts/profile/signatures.ts'
import { invitationsSignatures } from './invitations/signatures.ts'
import { organizationsSignatures } from './organizations/signatures.ts'
import { rolesSignatures } from './access/roles/signatures.ts'
import { separationSignatures } from './access/separation/signatures.ts'
import { assignmentsSignatures } from './access/assignments/signatures.ts'
import { sharingSignatures } from './resources/sharing/signatures.ts'
import { resourcesSignatures } from './resources/signatures.ts'
import { decisionsSignatures } from './access/decisions/signatures.ts'
import { explainSignatures } from './access/explain/signatures.ts'
import { reviewSignatures } from './access/review/signatures.ts'
import { asCodeSignatures } from './access/as-code/signatures.ts'
import { personalDataSignatures } from './personal-data/signatures.ts'
import { policiesSignatures } from './policies/signatures.ts'
import { factorsSignatures } from './authenticators/signatures.ts'
import { identitiesSignatures } from './identities/signatures.ts'
import { passkeysSignatures } from './passkeys/signatures.ts'
import { sessionsSignatures } from './sessions/signatures.ts'
import { passwordSignatures } from './signin/password/signatures.ts'
import { signUpSignatures } from './signin/sign-up/signatures.ts'
import { passwordlessSignatures } from './signin/passwordless/signatures.ts'
import { externalSignatures } from './signin/external/signatures.ts'
import { refreshSignatures } from './signin/refresh/signatures.ts'
import { deviceSignatures } from './signin/device/signatures.ts'
import { loginHistorySignatures } from './login-history/signatures.ts'
import { mfaSignatures } from './signin/mfa/signatures.ts'
import { anonymousSignatures } from './signin/anonymous/signatures.ts'
import { impersonationSignatures } from './signin/impersonation/signatures.ts'
import { passkeySignInSignatures } from './signin/passkey/signatures.ts'
import { throttlingSignatures } from './throttling/signatures.ts'
import { revocationSignatures } from './tokens/revocation/signatures.ts'
import { tokensSignatures } from './tokens/signatures.ts'
import { signInSignatures } from './signin/signatures.ts'
import { teamsSignatures } from './teams/signatures.ts'
import { jobsSignatures } from './jobs/signatures.ts'

/** The signatures of all actions, by namespace: what a client may know. Nothing here or below imports an ORM or a driver. */
export const signatures = {
  access: {
    ...separationSignatures,
    ...assignmentsSignatures,
    ...decisionsSignatures,
    ...explainSignatures,
    ...reviewSignatures,
    ...asCodeSignatures,
  },
  auth: {
    ...signInSignatures,
    ...mfaSignatures,
    ...passwordSignatures,
    ...signUpSignatures,
    ...passwordlessSignatures,
    ...externalSignatures,
    ...refreshSignatures,
    ...deviceSignatures,
    ...anonymousSignatures,
    ...impersonationSignatures,
    ...throttlingSignatures,
    ...loginHistorySignatures,
    ...revocationSignatures,
  },
  factors: factorsSignatures,
  identities: identitiesSignatures,
  jobs: jobsSignatures,
  organizations: { ...organizationsSignatures, ...invitationsSignatures },
  passkeys: { ...passkeysSignatures, ...passkeySignInSignatures },
  policies: policiesSignatures,
  resources: { ...resourcesSignatures, ...sharingSignatures },
  roles: rolesSignatures,
  sessions: sessionsSignatures,
  teams: teamsSignatures,
  tokens: tokensSignatures,
  users: {
    ...accountsSignatures,
    ...profileSignatures,
    ...directorySignatures,
    ...lifecycleSignatures,
    ...bulkSignatures,
    ...personalDataSignatures,
  },
} as const

export type Signatures = typeof signatures

export { kindOfId, withArticle } from './kernel/id.ts'
export { invalidInputError } from './kernel/input.ts'
export { inputWords } from './kernel/input-words.ts'
export { DenizenError, type ErrorDetails, type ErrorKind, type InputIssue } from './kernel/errors.ts'
export type { ActionKind, GrantedRole, InputOf, OutputOf, SessionEffect, Signature } from './kernel/signature.ts'
export type { DenizenErrorCode } from './kernel/error-codes.ts'
export { holdsSecret, withoutSecrets } from './kernel/secret.ts'
export type { FailedItem, Plan, RowChanges } from './kernel/plan.ts'
export { isObject, type JsonObject } from './kernel/json.ts'
export { bySimilarity, counted, distance, identifierForm, patternInWords, shellWord, timeInWords } from './text/index.ts'
export { ManagedUser, OwnUser, User, type UserId } from './users/model.ts'
export { WhoAmI } from './sessions/model.ts'
export { FactorRequired, SignedIn, SignInAnswer } from './signin/model.ts'
export { Domain, Member, Organization, OrganizationSummary } from './organizations/model.ts'
export { isPasswordLink, linkPaths, passwordLinks, type LinkPurpose, type PasswordLink } from './verifications/model.ts'
export { Invitation } from './invitations/model.ts'
export { Team } from './teams/model.ts'
export { keycloakRealm, type KeycloakRealm } from './accounts/keycloak/model.ts'
export { lostIn } from './accounts/keycloak/lost.ts'
export { uploadOf } from './accounts/keycloak/upload.ts'
export type { Lost } from './accounts/import/model.ts'
export { largestBulk } from './accounts/bulk/signatures.ts'
export { largestPurge } from './personal-data/signatures.ts'
export { largestImport } from './accounts/signatures.ts'
