import { defineCommand, defineQuery } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { freshProofRequired, invalidInput, ownSessionRequired } from '../../kernel/errors.ts'
import { mergePatch } from '../../kernel/merge-patch.ts'
import { allOf, anyOf, granted, owner, signedIn, withOperatorFields } from '../../kernel/rule.ts'
import { expectVersion } from '../../kernel/version.ts'
import { optionalOrganizationTarget } from '../../organizations/index.ts'
import {
  managingOrganization,
  accountTarget,
  changedAccountTarget,
  overAccount,
  ownAccountTarget,
  visibleUser,
  existingUser,
  findByIdentifier,
  ownAccount,
} from '../../users/index.ts'
import { preferences as allPreferences } from '../../users/model.ts'
import { updateAccount } from './update.ts'
import { operatorFields, profileSignatures } from './signatures.ts'

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
  allow: allOf(overAccount, withOperatorFields(...operatorFields)),
  target: changedAccountTarget,
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
  async handle(context, { version, force, ...patch }) {
    const user = await ownAccount(context)
    expectVersion(user, version)
    if (patch.email !== undefined && patch.email !== user.email) requireRecentAuth(context)
    context.note({ changes: { fields: await updateAccount(context, user, patch, { force }), ...(force && { force }) } })
    return user
  },
})

export const updatePreferences = defineCommand(profileSignatures.updatePreferences, {
  allow: signedIn,
  target: ownAccountTarget,
  async handle(context, { preferences, version }) {
    const user = await ownAccount(context)
    expectVersion(user, version)
    const merged = allPreferences.safeParse(mergePatch(user.preferences, preferences))
    if (!merged.success) throw invalidInput({ issues: merged.error.issues.map(({ message }) => ({ path: 'preferences', message })) })
    context.note({ changes: { fields: await updateAccount(context, user, { preferences: merged.data }) } })
    return { preferences: user.preferences, version: user.version }
  },
})

/** The address can be used to sign in: a session left open must not be enough to take the account. */
function requireRecentAuth({ actor, now }: CommandContext): void {
  if (actor.kind !== 'user') return
  const { recentAuthUntil } = actor.principal
  if (recentAuthUntil === null) throw ownSessionRequired({})
  if (recentAuthUntil.getTime() <= now.getTime()) throw freshProofRequired({})
}
