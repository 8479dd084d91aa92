import { defineCommand } from '../../kernel/action.ts'
import type { Actor } from '../../kernel/actor.ts'
import type { PrepareContext } from '../../kernel/context.ts'
import { ownSessionRequired, stepRequired } from '../../kernel/errors.ts'
import { signedIn } from '../../kernel/rule.ts'
import { checkNewPassword, checkNotReused, hashPassword, PasswordRow, replacePassword, verifyPassword } from '../../passwords/index.ts'
import { existingUser, ownAccountTarget } from '../../users/index.ts'
import { wrongProof } from '../errors.ts'
import { secondFactorMethodsOf } from '../mfa/methods.ts'
import { guess, secondsToWait, throttleKeys, type ThrottleKeys, tooManyAttempts } from '../../throttling/index.ts'
import { afterPasswordChange } from './after-change.ts'
import { passwordSignatures } from './signatures.ts'

/** What was found before the transaction; whether it still is so is looked at inside. */
interface Preparation {
  readonly keys: ThrottleKeys
  readonly matches: boolean
  /** When the old password was chosen; null: there is none. */
  readonly changedAt: Date | null
  readonly hash: string | null
}

/**
 * A password that is known is not enough, and neither is a session that somebody left
 * open: it takes both, and a fresh proof. API tokens stay: they stand for
 * themselves, and programs would stop; whoever suspects them ends them by name.
 */
export const changePassword = defineCommand(passwordSignatures.changePassword, {
  allow: signedIn,
  takesPrecedence: 'everywhere',
  target: ownAccountTarget,
  requiresRecentAuth: true,
  duringPendingStep: true,
  handlesSecret: true,
  prepare,
  async handle(context, _input, { keys, matches, changedAt, hash }) {
    const { em, actor } = context
    const { userId, sessionId, pendingSteps } = principalOf(actor)
    // A session that has not verified its address cannot change the password.
    if (pendingSteps.length > 0 && !pendingSteps.includes('changePassword')) throw stepRequired({ steps: pendingSteps })
    const user = await existingUser(em, userId)
    const stored = await em.findOne(PasswordRow, { userId })
    const isSame = stored?.changedAt.getTime() === changedAt?.getTime()
    const proved = await guess(context, keys, async () => (matches && isSame ? hash : null))
    if (proved === null) return context.refuse(wrongProof({}))
    await replacePassword(context, user, proved)
    const ended = await afterPasswordChange(context, user, 'changed', { session: sessionId, apiTokens: true })
    context.note({ changes: { ...ended } })
    return ended
  },
})

function principalOf(actor: Actor) {
  if (actor.kind !== 'user') throw ownSessionRequired({})
  return actor.principal
}

/** Only whoever knows the old password learns what is wrong with the new one, and only for them it is hashed. */
async function prepare(context: PrepareContext, input: { oldPassword?: string | undefined; newPassword: string }): Promise<Preparation> {
  const { actor, origin, ports, reader, settings, now } = context
  const { userId } = principalOf(actor)
  const keys = await throttleKeys(ports, origin, ['id', userId], { guessed: 'proof', userId })
  const seconds = await secondsToWait(reader, keys, now)
  if (seconds > 0) throw tooManyAttempts({ retryAfter: seconds })
  const stored = await reader.findOne(PasswordRow, { userId })
  const matches = await isOldPassword(context, stored?.hash ?? null, input.oldPassword)
  const changedAt = stored?.changedAt ?? null
  if (!matches) return { keys, matches, changedAt, hash: null }
  const user = await existingUser(reader, userId)
  await checkNewPassword(settings, input.newPassword, user, (await secondFactorMethodsOf(reader, userId)).length > 0)
  await checkNotReused(context, userId, input.newPassword)
  return { keys, matches, changedAt, hash: await hashPassword(ports.hasher, input.newPassword) }
}

async function isOldPassword({ ports }: PrepareContext, hash: string | null, typed: string | undefined): Promise<boolean> {
  if (hash === null || typed === undefined) return hash === null && typed === undefined
  return verifyPassword(ports.hasher, hash, typed)
}
