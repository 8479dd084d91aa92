import { bulkArchiveUsersSignature, bulkCreateUsersSignature, bulkUpdateUsersSignature } from './accounts/bulk/signatures.ts'
import {
  countUsersSignature,
  listUsersSignature,
  listUsersWithSessionsSignature,
  searchUsersSignature,
  userActivitySignature,
  userStatsSignature,
} from './accounts/directory/signatures.ts'
import * as lifecycle from './accounts/lifecycle/signatures.ts'
import {
  findUserSignature,
  getUserSignature,
  updateCurrentUserSignature,
  updatePreferencesSignature,
  updateUserSignature,
} from './accounts/profile/signatures.ts'
import { createUserSignature, currentUserSignature, importUsersSignature } from './accounts/signatures.ts'
import * as invitations from './invitations/signatures.ts'
import * as organizations from './organizations/signatures.ts'
import { rolesSignatures } from './roles/signatures.ts'
import { exclusionsSignatures } from './access/exclusions/signatures.ts'
import { assignmentsSignatures } from './access/assignments/signatures.ts'
import { sharingSignatures } from './access/sharing/signatures.ts'
import { resourcesSignatures } from './resources/signatures.ts'
import { decisionsSignatures } from './access/decisions/signatures.ts'
import { explainingSignatures } from './access/explaining/signatures.ts'
import { reviewSignatures } from './access/review/signatures.ts'
import { codeSignatures } from './access/code/signatures.ts'
import { policiesSignatures } from './policies/signatures.ts'
import { factorsSignatures } from './factors/signatures.ts'
import { identitiesSignatures } from './identities/signatures.ts'
import { passkeysSignatures } from './passkeys/signatures.ts'
import { sessionsSignatures } from './sessions/signatures.ts'
import { factorSignatures } from './signin/factor/signatures.ts'
import { passwordSignatures } from './signin/password/signatures.ts'
import { mailedSignatures } from './signin/mailed/signatures.ts'
import { externalSignatures } from './signin/external/signatures.ts'
import { refreshSignatures } from './signin/refresh/signatures.ts'
import { deviceSignatures } from './signin/device/signatures.ts'
import { guiseSignatures } from './signin/guise/signatures.ts'
import { tokensSignatures } from './tokens/signatures.ts'
import { signInSignature, signOutSignature } from './signin/signatures.ts'
import * as teams from './teams/signatures.ts'

/**
 * What a client may know: the signature of every action, by namespace. Nothing
 * here, or below here, imports an ORM or a driver.
 */
export const signatures = {
  access: {
    ...exclusionsSignatures,
    ...assignmentsSignatures,
    ...decisionsSignatures,
    ...explainingSignatures,
    ...reviewSignatures,
    ...codeSignatures,
  },
  auth: {
    signIn: signInSignature,
    signOut: signOutSignature,
    ...factorSignatures,
    ...passwordSignatures,
    ...mailedSignatures,
    ...externalSignatures,
    ...refreshSignatures,
    ...deviceSignatures,
    ...guiseSignatures,
  },
  factors: factorsSignatures,
  identities: identitiesSignatures,
  organizations: {
    acceptInvitation: invitations.acceptInvitationSignature,
    addDomain: organizations.addDomainSignature,
    addMember: organizations.addMemberSignature,
    archive: organizations.archiveOrganizationSignature,
    create: organizations.createOrganizationSignature,
    declineInvitation: invitations.declineInvitationSignature,
    get: organizations.getOrganizationSignature,
    invite: invitations.inviteSignature,
    list: organizations.listOrganizationsSignature,
    listDomains: organizations.listDomainsSignature,
    listInvitations: invitations.listInvitationsSignature,
    listMembers: organizations.listMembersSignature,
    removeDomain: organizations.removeDomainSignature,
    removeMember: organizations.removeMemberSignature,
    revokeInvitation: invitations.revokeInvitationSignature,
    switch: organizations.switchOrganizationSignature,
    transferOwnership: organizations.transferOwnershipSignature,
    update: organizations.updateOrganizationSignature,
    updateMember: organizations.updateMemberSignature,
    verifyDomain: organizations.verifyDomainSignature,
    viewInvitation: invitations.viewInvitationSignature,
  },
  passkeys: passkeysSignatures,
  policies: policiesSignatures,
  resources: {
    ...resourcesSignatures,
    ...sharingSignatures,
  },
  roles: rolesSignatures,
  sessions: sessionsSignatures,
  teams: {
    addMember: teams.addTeamMemberSignature,
    create: teams.createTeamSignature,
    delete: teams.deleteTeamSignature,
    list: teams.listTeamsSignature,
    listMembers: teams.listTeamMembersSignature,
    removeMember: teams.removeTeamMemberSignature,
    update: teams.updateTeamSignature,
  },
  tokens: tokensSignatures,
  users: {
    activity: userActivitySignature,
    archive: lifecycle.archiveUserSignature,
    bulkArchive: bulkArchiveUsersSignature,
    bulkCreate: bulkCreateUsersSignature,
    bulkUpdate: bulkUpdateUsersSignature,
    contain: lifecycle.containUserSignature,
    count: countUsersSignature,
    create: createUserSignature,
    current: currentUserSignature,
    demote: lifecycle.demoteUserSignature,
    find: findUserSignature,
    get: getUserSignature,
    import: importUsersSignature,
    list: listUsersSignature,
    listWithSessions: listUsersWithSessionsSignature,
    promote: lifecycle.promoteUserSignature,
    restore: lifecycle.restoreUserSignature,
    search: searchUsersSignature,
    setLegalHold: lifecycle.setLegalHoldSignature,
    setStatus: lifecycle.setUserStatusSignature,
    stats: userStatsSignature,
    update: updateUserSignature,
    updateCurrent: updateCurrentUserSignature,
    updatePreferences: updatePreferencesSignature,
  },
} as const

export type Signatures = typeof signatures

export { DenizenError, type ErrorDetails, type ErrorKind, type InputIssue } from './kernel/errors.ts'
export type { ActionKind, InputOf, OutputOf, Signature } from './kernel/signature.ts'
export { holdsSecret, withoutSecrets } from './kernel/secret.ts'
export type { FailedItem, Plan, RowChanges } from './kernel/plan.ts'
export type { JsonObject } from './kernel/text.ts'
export { ManagedUser, User, type UserId } from './users/model.ts'
export { WhoAmI } from './sessions/model.ts'
export { FactorRequired, SignedIn, SignInAnswer } from './signin/model.ts'
export { Domain, Member, Organization, OrganizationSummary } from './organizations/model.ts'
export { Invitation } from './invitations/model.ts'
export { Team } from './teams/model.ts'
export { keycloakRealm, type KeycloakRealm } from './accounts/import/keycloak.ts'
export { largestBulk } from './accounts/bulk/signatures.ts'
export { largestImport } from './accounts/signatures.ts'
