import { signatures } from '@denizen/core/contract'
import { expose, router } from '../trpc.ts'

const { organizations } = signatures

export const organizationsRouter = router({
  acceptInvitation: expose(organizations.acceptInvitation),
  addDomain: expose(organizations.addDomain),
  addMember: expose(organizations.addMember),
  archive: expose(organizations.archive),
  create: expose(organizations.create),
  declineInvitation: expose(organizations.declineInvitation),
  get: expose(organizations.get),
  invite: expose(organizations.invite),
  list: expose(organizations.list),
  listDomains: expose(organizations.listDomains),
  listInvitations: expose(organizations.listInvitations),
  listMembers: expose(organizations.listMembers),
  removeDomain: expose(organizations.removeDomain),
  removeMember: expose(organizations.removeMember),
  revokeInvitation: expose(organizations.revokeInvitation),
  switch: expose(organizations.switch),
  transferOwnership: expose(organizations.transferOwnership),
  update: expose(organizations.update),
  updateMember: expose(organizations.updateMember),
  verifyDomain: expose(organizations.verifyDomain),
  viewInvitation: expose(organizations.viewInvitation),
})
