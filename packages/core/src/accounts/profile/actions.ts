import { defineCommand, defineQuery } from '../../kernel/action.ts'
import { invalidInput } from '../../kernel/errors.ts'
import { inputWords } from '../../kernel/input-words.ts'
import { mergePatch } from '../../kernel/merge-patch.ts'
import { allOf, anyOf, granted, owner, signedIn, withInstallationFields } from '../../kernel/rule.ts'
import { expectVersion } from '../../kernel/version.ts'
import { optionalOrganizationTarget } from '../../organizations/index.ts'
import {
  managingOrganization,
  accountTarget,
  patchedAccountTarget,
  mayChangeAccount,
  ownAccountTarget,
  visibleUser,
  existingUser,
  findByIdentifier,
  ownAccount,
  type UserRow,
} from '../../users/index.ts'
import { preferences as allPreferences } from '../../users/model.ts'
import { requestAddress } from '../address.ts'
import { claimFirst } from '../errors.ts'
import { updateAccount } from './update.ts'
import { installationFields, profileSignatures } from './signatures.ts'

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

export const updateUser = defineCommand(profileSignatures.update, {
  allow: allOf(mayChangeAccount, withInstallationFields(...installationFields)),
  target: patchedAccountTarget,
  async handle(context, { userId, version, ...patch }) {
    const user = await existingUser(context.em, userId)
    expectVersion(user, version)
    context.note({ changes: { fields: await updateAccount(context, user, patch) } })
    return visibleUser(context.actor, user, await managingOrganization(context.em, user))
  },
})

export const updateCurrentUser = defineCommand(profileSignatures.updateCurrent, {
  allow: signedIn,
  target: ownAccountTarget,
  async handle(context, { version, force, email, ...patch }) {
    const user = await ownAccount(context)
    expectVersion(user, version)
    if (user.kind === 'anonymous') refuseNames(user, { email, username: patch.username })
    const address = email === undefined ? {} : await requestAddress(context, user, email)
    context.note({ changes: { fields: await updateAccount(context, user, { ...patch, ...address }, { force }), ...(force && { force }) } })
    return user
  },
})

export const updatePreferences = defineCommand(profileSignatures.updatePreferences, {
  allow: signedIn,
  target: ownAccountTarget,
  async handle(context, { preferences, version }) {
    const user = await ownAccount(context)
    expectVersion(user, version)
    const merged = allPreferences.safeParse(mergePatch(user.preferences, preferences), { error: inputWords })
    if (!merged.success) throw invalidInput({ issues: merged.error.issues.map(({ message }) => ({ path: 'preferences', message })) })
    context.note({ changes: { fields: await updateAccount(context, user, { preferences: merged.data }) } })
    return { preferences: user.preferences, version: user.version }
  },
})

/** A guest who had a name could keep it from whose it is. They get one with the address that they claim the account with. */
function refuseNames(
  guest: UserRow,
  { email, username }: { readonly email: string | null | undefined; readonly username: string | undefined },
) {
  if ((email ?? null) !== null || (username !== undefined && username !== guest.username)) throw claimFirst({})
}
