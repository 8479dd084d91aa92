import { defineQuery } from '../../kernel/action.ts'
import { anyOf, granted, owner } from '../../kernel/rule.ts'
import { optionalOrganizationTarget } from '../../organizations/index.ts'
import { accountTarget, existingUser, findByIdentifier, managingOrganization, visibleUser } from '../../users/index.ts'
import { profileSignatures } from './signatures.ts'

export const getUser = defineQuery(profileSignatures.get, {
  allow: anyOf(granted, owner),
  target: accountTarget,
  async handle({ open, actor }, { userId }) {
    const em = await open()
    const user = await existingUser(em, userId)
    return visibleUser(actor, user, await managingOrganization(em, user))
  },
})

export const findUser = defineQuery(profileSignatures.find, {
  allow: granted,
  target: optionalOrganizationTarget,
  async handle({ open, actor }, { identifier, organizationId }) {
    const em = await open()
    const user = await findByIdentifier(em, identifier)
    if (user === null) return null
    const managedBy = await managingOrganization(em, user)
    return organizationId !== undefined && managedBy !== organizationId ? null : visibleUser(actor, user, managedBy)
  },
})
