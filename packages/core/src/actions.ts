import { createUser, currentUser } from './accounts/actions.ts'
import { listUsersWithSessions, userActivity, userStats } from './accounts/activity/actions.ts'
import { bulkArchiveUsers } from './accounts/bulk/archive.ts'
import { bulkCreateUsers } from './accounts/bulk/create.ts'
import { bulkUpdateUsers } from './accounts/bulk/update.ts'
import { countUsers, listUsers, searchUsers } from './accounts/directory/actions.ts'
import { importUsers } from './accounts/import/action.ts'
import * as lifecycle from './accounts/lifecycle/actions.ts'
import { findUser, getUser, updateCurrentUser, updatePreferences, updateUser } from './accounts/profile/actions.ts'
import { switchOrganization } from './accounts/switch.ts'
import type { Signatures } from './contract.ts'
import { acceptInvitation } from './invitations/accepting.ts'
import { declineInvitation, viewInvitation } from './invitations/answering.ts'
import { listInvitations } from './invitations/listing.ts'
import { invite, revokeInvitation } from './invitations/manage.ts'
import type { Action } from './kernel/action.ts'
import { addDomain, listDomains, removeDomain, verifyDomain } from './organizations/domains.ts'
import { createOrganization } from './organizations/founding.ts'
import { getOrganization, listMembers, listOrganizations } from './organizations/listing.ts'
import { archiveOrganization, updateOrganization } from './organizations/manage.ts'
import { addMember, removeMember, updateMember } from './organizations/members.ts'
import { transferOwnership } from './organizations/transfer.ts'
import { rolesActions } from './roles/actions.ts'
import { exclusionsActions } from './access/exclusions/actions.ts'
import { assignmentsActions } from './access/assignments/actions.ts'
import { sharingActions } from './access/sharing/actions.ts'
import { resourcesActions } from './resources/actions.ts'
import { decisionsActions } from './access/decisions/actions.ts'
import { explainingActions } from './access/explaining/actions.ts'
import { reviewActions } from './access/review/actions.ts'
import { codeActions } from './access/code/actions.ts'
import { policiesActions } from './policies/actions.ts'
import { factorsActions } from './factors/actions.ts'
import { identitiesActions } from './identities/actions.ts'
import { passkeysActions } from './passkeys/actions.ts'
import { sessionsActions } from './sessions/actions.ts'
import { factorActions } from './signin/factor/actions.ts'
import { passwordActions } from './signin/password/actions.ts'
import { mailedActions } from './signin/mailed/actions.ts'
import { externalActions } from './signin/external/actions.ts'
import { refreshActions } from './signin/refresh/actions.ts'
import { deviceActions } from './signin/device/actions.ts'
import { guiseActions } from './signin/guise/actions.ts'
import { tokensActions } from './tokens/actions.ts'
import { signIn, signOut } from './signin/actions.ts'
import { listTeamMembers, listTeams } from './teams/listing.ts'
import { createTeam, deleteTeam, updateTeam } from './teams/manage.ts'
import { addTeamMember, removeTeamMember } from './teams/seats.ts'

/** Every action, by namespace; none that contract.ts names is missing, and none is one that it does not name. */
export const actionTree: { readonly [Namespace in keyof Signatures]: { readonly [Verb in keyof Signatures[Namespace]]: Action } } = {
  access: {
    ...exclusionsActions,
    ...assignmentsActions,
    ...decisionsActions,
    ...explainingActions,
    ...reviewActions,
    ...codeActions,
  },
  auth: {
    signIn,
    signOut,
    ...factorActions,
    ...passwordActions,
    ...mailedActions,
    ...externalActions,
    ...refreshActions,
    ...deviceActions,
    ...guiseActions,
  },
  factors: factorsActions,
  identities: identitiesActions,
  organizations: {
    acceptInvitation,
    addDomain,
    addMember,
    archive: archiveOrganization,
    create: createOrganization,
    declineInvitation,
    get: getOrganization,
    invite,
    list: listOrganizations,
    listDomains,
    listInvitations,
    listMembers,
    removeDomain,
    removeMember,
    revokeInvitation,
    switch: switchOrganization,
    transferOwnership,
    update: updateOrganization,
    updateMember,
    verifyDomain,
    viewInvitation,
  },
  passkeys: passkeysActions,
  policies: policiesActions,
  resources: {
    ...resourcesActions,
    ...sharingActions,
  },
  roles: rolesActions,
  sessions: sessionsActions,
  teams: {
    addMember: addTeamMember,
    create: createTeam,
    delete: deleteTeam,
    list: listTeams,
    listMembers: listTeamMembers,
    removeMember: removeTeamMember,
    update: updateTeam,
  },
  tokens: tokensActions,
  users: {
    activity: userActivity,
    archive: lifecycle.archiveUser,
    bulkArchive: bulkArchiveUsers,
    bulkCreate: bulkCreateUsers,
    bulkUpdate: bulkUpdateUsers,
    contain: lifecycle.containUser,
    create: createUser,
    current: currentUser,
    demote: lifecycle.demoteUser,
    find: findUser,
    get: getUser,
    import: importUsers,
    list: listUsers,
    listWithSessions: listUsersWithSessions,
    search: searchUsers,
    count: countUsers,
    promote: lifecycle.promoteUser,
    restore: lifecycle.restoreUser,
    setLegalHold: lifecycle.setLegalHold,
    setStatus: lifecycle.setUserStatus,
    stats: userStats,
    update: updateUser,
    updateCurrent: updateCurrentUser,
    updatePreferences,
  },
}

/** The same, by name. */
export const actions: ReadonlyMap<string, Action> = new Map(
  Object.values(actionTree)
    .flatMap((namespace) => Object.values<Action>(namespace))
    .map((action) => [action.signature.name, action]),
)
