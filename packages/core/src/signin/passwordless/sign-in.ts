import { reclaimAccount, reclaimRefused } from '../../accounts/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import type { Origin } from '../../kernel/origin.ts'
import type { DenizenError } from '../../kernel/errors.ts'
import { anyone } from '../../kernel/rule.ts'
import { isActing, UserRow, type UserId } from '../../users/index.ts'
import { mayActFrom } from '../../kernel/network.ts'
import {
  findByBinding,
  codeInvalid,
  consumeCode,
  consumeLink,
  linkInvalid,
  inspectLink,
  type ProvenAddress,
  type VerificationId,
} from '../../verifications/index.ts'
import { afterFirstFactor } from '../first-factor.ts'
import type { SignInAnswer } from '../model.ts'
import type { LoginOutcome } from '../../login-history/model.ts'
import { guess, recordRefusal, throttleKeys } from '../../throttling/index.ts'
import { passwordlessSignatures } from './signatures.ts'

/** Which mail, and whose: found before the transaction, so that their row is locked first of all, and looked at again inside. */
interface MailRecipient {
  readonly id: VerificationId
  readonly userId: UserId | null
  readonly email: string
}

const locks = (asker: MailRecipient | null): UserId[] => (asker?.userId ? [asker.userId] : [])

export const signInWithMagicLink = defineCommand(passwordlessSignatures.signInWithMagicLink, {
  allow: anyone,
  handlesSecret: true,
  locks,
  async prepare({ reader, ports, now }, { token }): Promise<MailRecipient | null> {
    return (await inspectLink(reader, ports, { token }, now))?.row ?? null
  },
  async handle(context, { token, binding }, asker) {
    const proved = await consumeLink(context, 'magicLink', token, binding)
    return finish(context, proved, { method: 'magicLink', asker, refusal: linkInvalid({}) })
  },
})

export const signInWithEmailCode = defineCommand(passwordlessSignatures.signInWithEmailCode, {
  allow: anyone,
  handlesSecret: true,
  locks,
  prepare: ({ reader, ports }, { binding }) => findByBinding(reader, ports, 'emailCode', binding),
  async handle(context, { binding, code }, asker) {
    const last = { method: 'emailCode', asker, refusal: codeInvalid({}) } as const
    if (asker === null) return finish(context, null, last)
    const { ports, origin } = context
    // By the address, as it was typed: whether anybody has it must not show in who waits for whom.
    const keys = await throttleKeys(ports, origin, ['email', asker.email], { guessed: 'mailedCode', userId: asker.userId })
    return finish(context, await guess(context, keys, () => consumeCode(context, 'emailCode', asker.id, code, binding)), last)
  },
})

interface SignInStep {
  readonly method: 'magicLink' | 'emailCode'
  readonly asker: MailRecipient | null
  readonly refusal: DenizenError
}

/**
 * The mail proves the address. If nobody had before, the password may be a
 * stranger's who waits for its owner to come: the account is handed over.
 */
async function finish(
  context: CommandContext,
  proved: ProvenAddress | null,
  { method, asker, refusal }: SignInStep,
): Promise<SignInAnswer> {
  const { em } = context
  const identifier = asker?.email ?? ''
  const userId = proved?.userId ?? null
  const user = userId === null ? null : await em.findOne(UserRow, { id: userId })
  const outcome = outcomeOf(proved, user, context.origin)
  if (asker?.userId) context.note({ target: { type: 'user', id: asker.userId } })
  if (user === null || outcome !== 'succeeded') {
    await recordRefusal(context, { identifier, userId: asker?.userId ?? null, method, outcome })
    return context.refuse(refusal)
  }
  if (!user.emailVerified) await reclaimAccount(context, user, { passwordHash: null, refusal: reclaimRefused({}) })
  return afterFirstFactor(context, user, { method, authMethods: ['email'], identifier })
}

function outcomeOf(proved: ProvenAddress | null, user: UserRow | null, origin: Origin): LoginOutcome {
  if (proved === null) return 'wrongCode'
  if (user === null || user.email !== proved.email) return 'unknownUser'
  if (!isActing(user.status)) return 'notActive'
  return mayActFrom(user.allowedIps, origin) ? 'succeeded' : 'addressNotAllowed'
}
