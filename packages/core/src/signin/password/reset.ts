import { clearAllowedIps, mayBeReclaimed, proveAddress, reclaimAccount } from '../../accounts/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { anyone } from '../../kernel/rule.ts'
import { checkNewPassword, checkNotReused, hashPassword, replacePassword } from '../../passwords/index.ts'
import { isActing, UserRow, type UserId } from '../../users/index.ts'
import { consumeLink, isPasswordLink, linkInvalid, inspectLink, type PasswordLink } from '../../verifications/index.ts'
import { secondFactorMethodsOf } from '../mfa/methods.ts'
import { completeClaim, mayClaim } from '../anonymous/claim.ts'
import { afterPasswordChange } from './after-change.ts'
import { passwordSignatures } from './signatures.ts'

interface Preparation {
  readonly userId: UserId
  readonly purpose: PasswordLink
  readonly email: string
  readonly hash: string
}

/**
 * A new password for whoever got the link. It proves the address, and nothing else:
 * nobody is signed in by it, and a second factor is asked for as before. All sessions
 * end, and API tokens with them: who resets a password may not know who else had it,
 * nor whether they limited the account to addresses of theirs.
 */
export const resetPassword = defineCommand(passwordSignatures.resetPassword, {
  allow: anyone,
  takesPrecedence: 'everywhere',
  handlesSecret: true,
  locks: ({ userId }) => [userId],
  prepare,
  async handle(context, { token }, { userId, purpose, email, hash }) {
    const { em } = context
    context.note({ target: { type: 'user', id: userId } })
    const user = await em.findOne(UserRow, { id: userId })
    if (user === null || !(await isLinkUsable(context, user, { purpose, email }))) throw linkInvalid({})
    if ((await consumeLink(context, purpose, token, null)) === null) throw linkInvalid({})
    await setNewPassword(context, user, { purpose, email, hash })
    return { username: user.username }
  },
})

async function setNewPassword(
  context: CommandContext,
  user: UserRow,
  { purpose, email, hash }: Omit<Preparation, 'userId'>,
): Promise<void> {
  const { em, settings } = context
  if (purpose === 'claim') await completeClaim(context, user, email, hash)
  // Nobody had proved the address: whatever else was set up for the account may be a stranger's.
  else if (await mayBeReclaimed(em, settings, user.id))
    await reclaimAccount(context, user, { passwordHash: hash, refusal: linkInvalid({}) })
  else {
    if (purpose === 'resetPassword') clearAllowedIps(context, user)
    await replacePassword(context, user, hash)
    await proveAddress(context, user, email)
  }
  const how = purpose === 'resetPassword' ? 'reset' : 'setUp'
  const ended = await afterPasswordChange(context, user, how, { session: null, apiTokens: false })
  context.note({ changes: { purpose, ...ended } })
}

type Reading = Pick<CommandContext, 'em' | 'settings'>

/** Whether a link is good for an account as it is now: it may have another address by now, or may not act. */
async function isLinkUsable({ em, settings }: Reading, user: UserRow, link: Pick<Preparation, 'purpose' | 'email'>): Promise<boolean> {
  if (!isActing(user.status)) return false
  if (link.purpose === 'claim') return mayClaim(user)
  if (user.kind !== 'human' || user.email !== link.email) return false
  // An address that nobody proved may be mistyped: an account that is in use only an operator hands over.
  return user.emailVerified || link.purpose === 'setup' || (await mayBeReclaimed(em, settings, user.id))
}

/** The password is checked and hashed only where the link works. */
async function prepare(context: PrepareContext, { token, password }: { token: string; password: string }): Promise<Preparation> {
  const { reader, ports, settings, now } = context
  const looked = await inspectLink(reader, ports, { token }, now)
  const { purpose, email, userId } = looked?.row ?? { purpose: null, email: '', userId: null }
  const user = userId === null ? null : await reader.findOne(UserRow, { id: userId })
  if (
    purpose === null ||
    !isPasswordLink(purpose) ||
    user === null ||
    !(await isLinkUsable({ em: reader, settings }, user, { purpose, email }))
  )
    throw linkInvalid({})
  const { id, username, fullName, displayName } = user
  const owner = { username, fullName, displayName, email }
  // An account that is handed over loses its passwords, so they do not count.
  const stays = purpose !== 'claim' && !(await mayBeReclaimed(reader, settings, id))
  await checkNewPassword(settings, password, owner, stays && (await secondFactorMethodsOf(reader, id)).length > 0)
  if (stays) await checkNotReused(context, id, password)
  return { userId: id, purpose, email, hash: await hashPassword(ports.hasher, password) }
}
