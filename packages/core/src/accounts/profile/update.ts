import { isGrantedEverywhere } from '../../kernel/actor.ts'
import type { z } from 'zod'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { change, changedFields } from '../../kernel/row.ts'
import { allOf, withInstallationFields } from '../../kernel/rule.ts'
import { expectVersion } from '../../kernel/version.ts'
import {
  existingUser,
  lockedByOperator,
  managingOrganization,
  mayChangeAccount,
  patchedAccountTarget,
  visibleUser,
  withHold,
  type UserRow,
} from '../../users/index.ts'
import { leaveAddress, refuseLeavingManagement, type AddressPatch } from '../address.ts'
import { requireMayChangeAllowedIps, notifyAllowedIpsChanged, allowedIpsSetter } from '../allowed-ips.ts'
import { claimFirst } from '../errors.ts'
import { installationFields, profileSignatures, type userPatch } from './signatures.ts'

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

/** An absent field stays, `null` clears, a value sets. */
export type AccountPatch = Omit<z.output<z.ZodObject<typeof userPatch>>, 'version'> & Omit<AddressPatch, 'email'>

/** Once an address was changed or proved, the account is not handed over any more to whoever proves another one. */
const kept = { reclaimable: false } as const
const moved = { ...kept, emailVerified: false, pendingEmail: null, pendingEmailAt: null } as const

/** Fields that restrict the user: every process is told at once. */
const restricting: ReadonlySet<string> = new Set(['allowedIps', 'needPasswordChange', 'resourcePolicy'])

/** Fields that go with others, and stand in no answer and no event. */
const unshown: ReadonlySet<string> = new Set(['reclaimable', 'pendingEmailAt', 'operatorHolds'])

/** Fields that `sessions.whoami` shows, and that decide nothing. An address does: it may be of an organization's domain. */
const shown: ReadonlySet<string> = new Set(['username', 'displayName'])

/**
 * Applies a patch to an account, and returns the fields that
 * changed. If none did, nothing is written and the version stays. A new
 * address counts at once. It is not verified, unless the patch says so, and the account
 * does not wait for whoever proves it: it had another owner.
 */
export async function updateAccount(
  context: CommandContext,
  user: UserRow,
  patch: AccountPatch,
  { force = false }: { force?: boolean } = {},
): Promise<readonly string[]> {
  const movesAway = patch.email !== undefined && patch.email !== user.email
  if (user.kind === 'anonymous' && patch.email !== undefined && patch.email !== null) throw claimFirst({})
  const changed = changedFields<UserRow>(user, {
    ...(movesAway && moved),
    ...withoutAbsent(patch),
    ...(patch.emailVerified && kept),
    ...holdsAfter(context, user, patch),
  })
  const fields: readonly string[] = Object.keys(changed).filter((field) => !unshown.has(field))
  if (Object.keys(changed).length === 0) return fields
  if (movesAway) await refuseLeavingManagement(context, user, patch.email ?? null)
  const isLimited = fields.includes('allowedIps')
  if (isLimited) await requireMayChangeAllowedIps(context, user, patch.allowedIps ?? [], { force })
  if (isLimited) notifyAllowedIpsChanged(context, user)
  if (movesAway) await leaveAddress(context, user)
  const limitedBy = isLimited ? allowedIpsSetter(context, user, patch.allowedIps ?? []) : user.limitedBy
  change(user, { ...changed, limitedBy, updatedAt: context.now })
  context.emit({ type: 'users.updated', subject: user.id, organizationId: null, payload: { userId: user.id, fields } })
  if (fields.some((field) => restricting.has(field))) context.invalidate(user.id, { when: 'now' })
  else if (movesAway) context.invalidate(user.id, { when: 'soon' })
  else if (fields.some((field) => shown.has(field))) context.invalidate(user.id, { when: 'soon', onlyShown: true })
  await context.em.flush()
  return fields
}

/** Whether an operator asks for a new password: whoever else clears that is refused, and asking as well leaves it the operator's. */
function holdsAfter({ actor }: CommandContext, user: UserRow, { needPasswordChange }: AccountPatch): Pick<UserRow, 'operatorHolds'> | null {
  if (needPasswordChange === undefined) return null
  const isOperator = isGrantedEverywhere(actor, profileSignatures.update.name)
  const isHeld = user.needPasswordChange && user.operatorHolds.includes('passwordChange')
  if (isHeld && !isOperator && !needPasswordChange) throw lockedByOperator({})
  return { operatorHolds: withHold(user.operatorHolds, 'passwordChange', isOperator ? needPasswordChange : isHeld) }
}

function withoutAbsent(patch: AccountPatch): AccountPatch {
  return Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined))
}
