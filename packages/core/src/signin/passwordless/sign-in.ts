import { handOver, mayBeHandedOver } from '../../accounts/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import type { Origin } from '../../kernel/origin.ts'
import type { DenizenError } from '../../kernel/errors.ts'
import { anyone } from '../../kernel/rule.ts'
import { isActing, UserRow, type UserId } from '../../users/index.ts'
import { mayActFrom } from '../../kernel/network.ts'
import {
  askedWith,
  codeInvalid,
  consumeCode,
  consumeLink,
  linkInvalid,
  lookAt,
  type Proved,
  type VerificationId,
} from '../../verifications/index.ts'
import { recordLoginAttempt } from '../../login-history/index.ts'
import { continueSignIn } from '../first-factor.ts'
import type { SignInAnswer } from '../model.ts'
import type { LoginOutcome } from '../../login-history/model.ts'
import { guess, throttleKeys } from '../../throttling/index.ts'
import { handOverRefused } from './errors.ts'
import { mailedSignatures } from './signatures.ts'

/** Which mail, and whose: found before the transaction, so that their row is locked first of all, and looked at again inside. */
interface Asker {
  readonly id: VerificationId
  readonly userId: UserId | null
  readonly email: string
}

const locks = (asker: Asker | null): UserId[] => (asker?.userId ? [asker.userId] : [])

export const signInWithMagicLink = defineCommand(mailedSignatures.signInWithMagicLink, {
  allow: anyone,
  handlesSecret: true,
  locks,
  async prepare({ reader, ports, now }, { token }): Promise<Asker | null> {
    return (await lookAt(reader, ports, { token }, now))?.row ?? null
  },
  async handle(context, { token, binding }, asker) {
    const proved = await consumeLink(context, 'magicLink', token, binding)
    return finish(context, proved, { method: 'magicLink', asker, refusal: linkInvalid({}) })
  },
})

export const signInWithEmailCode = defineCommand(mailedSignatures.signInWithEmailCode, {
  allow: anyone,
  handlesSecret: true,
  locks,
  prepare: ({ reader, ports }, { binding }) => askedWith(reader, ports, 'emailCode', binding),
  async handle(context, { binding, code }, asker) {
    const last = { method: 'emailCode', asker, refusal: codeInvalid({}) } as const
    if (asker === null) return finish(context, null, last)
    const { ports, origin } = context
    // By the address, as it was typed: whether anybody has it must not show in who waits for whom.
    const keys = await throttleKeys(ports, origin, asker.email, { guessed: 'mailedCode', userId: asker.userId })
    return finish(context, await guess(context, keys, () => consumeCode(context, 'emailCode', asker.id, code, binding)), last)
  },
})

interface Last {
  readonly method: 'magicLink' | 'emailCode'
  readonly asker: Asker | null
  readonly refusal: DenizenError
}

/**
 * The mail proves the address. If nobody had before, the password may be a
 * stranger's who waits for its owner to come: the account is handed over.
 */
async function finish(context: CommandContext, proved: Proved | null, { method, asker, refusal }: Last): Promise<SignInAnswer> {
  const { em } = context
  const identifier = asker?.email ?? ''
  const userId = proved?.userId ?? null
  const user = userId === null ? null : await em.findOne(UserRow, { id: userId })
  const outcome = outcomeOf(proved, user, context.origin)
  if (asker?.userId) context.note({ target: { type: 'user', id: asker.userId } })
  if (user === null || outcome !== 'succeeded') {
    recordLoginAttempt(context, { identifier, userId: asker?.userId ?? null, method, outcome })
    return context.refuse(refusal)
  }
  if (!user.emailVerified) {
    if (!(await mayBeHandedOver(em, user.id))) throw handOverRefused({})
    await handOver(context, user, null)
  }
  return continueSignIn(context, user, { method, authMethods: ['email'], identifier })
}

function outcomeOf(proved: Proved | null, user: UserRow | null, origin: Origin): LoginOutcome {
  if (proved === null) return 'wrongCode'
  if (user === null || user.email !== proved.email) return 'unknownUser'
  if (!isActing(user.status)) return 'notActive'
  return mayActFrom(user.allowedIps, origin) ? 'succeeded' : 'addressNotAllowed'
}
