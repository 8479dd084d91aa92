import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import type { Principal } from '../../kernel/actor.ts'
import { ownSessionRequired } from '../../kernel/errors.ts'
import { signedIn } from '../../kernel/rule.ts'
import type { ParsedInputOf } from '../../kernel/signature.ts'
import { inTurn, PasswordRow } from '../../passwords/index.ts'
import { recordReauthentication } from '../../sessions/index.ts'
import { existingUser, type UserId, type UserRow, ownAccountTarget } from '../../users/index.ts'
import { consumeOwnCode } from '../../verifications/index.ts'
import { recordLoginAttempt } from '../../login-history/index.ts'
import { beginChallenge, finishChallenge, newNonce, tryChallenge } from '../../challenges/index.ts'
import { comparePassword, findStoredPassword } from '../verify-password.ts'
import { noPasskey, strongerProofRequired, wrongProof } from '../errors.ts'
import { secondFactorMethodsOf } from './methods.ts'
import type { LoginMethod, LoginOutcome } from '../../login-history/model.ts'
import { passkeyRequest } from '../passkey/request-options.ts'
import { countFailure, forgetFailures, secondsToWait, secondsUntilAdmitted, throttleKeys, tooManyAttempts } from '../../throttling/index.ts'
import { mfaSignatures } from './signatures.ts'
import { verifySecondFactor, methodOf, authMethodOf } from './verify.ts'

type Input = ParsedInputOf<typeof mfaSignatures.reauthenticate>

/** Which of the proofs an input brings, or asks for. */
type Proof = 'password' | 'totp' | 'recoveryCode' | 'passkey' | 'emailCode'

/**
 * Reauthentication of a running session. Who has a second factor must use it:
 * otherwise a stolen session with a stolen password or mailbox could remove it.
 */
export const reauthenticate = defineCommand(mfaSignatures.reauthenticate, {
  allow: signedIn,
  duringPendingStep: true,
  handlesSecret: true,
  target: ownAccountTarget,
  prepare: checkPassword,
  async handle(context, input, typed) {
    const principal = ownSession(context.actor)
    const user = await existingUser(context.em, principal.userId)
    const proof = proofIn(input)
    await requireSecondFactor(context, user.id, proof)
    const throttle = await throttleKeys(context.ports, context.origin, ['id', user.id], { guessed: 'proof', userId: user.id })
    const wait = typed.wait > 0 ? typed.wait : await secondsUntilAdmitted(context, throttle)
    if (wait > 0) {
      recordAttempt(context, user, proof, 'locked')
      return context.refuse(tooManyAttempts({ retryAfter: wait }))
    }
    if (input.begin !== undefined) return beginPasskey(context, user)
    if (!(await isProved(context, user, input, typed))) {
      await countFailure(context, throttle)
      recordAttempt(context, user, proof, failures[proof])
      return context.refuse(wrongProof({}))
    }
    await forgetFailures(context, throttle)
    return recordProof(context, principal, proof)
  },
})

/** The result of checking a password before the transaction. */
interface PasswordCheck {
  readonly matches: boolean
  readonly changedAt: number | null
  readonly wait: number
}

/** Checks the password before the transaction, unless there were too many failures already. */
async function checkPassword(context: PrepareContext, { password }: Input): Promise<PasswordCheck> {
  const { reader, ports, origin, now } = context
  const { userId } = ownSession(context.actor)
  const throttle = await throttleKeys(ports, origin, ['id', userId], { guessed: 'proof', userId })
  const wait = await secondsToWait(reader, throttle, now)
  if (wait > 0 || password === undefined) return { matches: false, changedAt: null, wait }
  return inTurn(ports.hasher, throttle.pair ?? throttle.name, async (hasWaited) => {
    const still = hasWaited ? await secondsToWait(reader, throttle, now) : wait
    if (still > 0) return { matches: false, changedAt: null, wait: still }
    const stored = await findStoredPassword(reader, { field: 'id', value: userId })
    const { matches, changedAt } = await comparePassword(context, stored, password)
    return { matches, changedAt, wait: still }
  })
}

/** The caller's own session: not an API token, and not an impersonation. */
function ownSession(actor: CommandContext['actor']): Principal & { readonly sessionId: NonNullable<Principal['sessionId']> } {
  if (actor.kind !== 'user') throw ownSessionRequired({})
  const { sessionId, recentAuthUntil } = actor.principal
  if (sessionId === null || recentAuthUntil === null) throw ownSessionRequired({})
  return { ...actor.principal, sessionId }
}

function proofIn(input: Input): Proof {
  if (input.begin !== undefined) return input.begin
  if (input.password !== undefined) return 'password'
  return input.emailCode !== undefined ? 'emailCode' : methodOf(input)
}

async function requireSecondFactor({ em }: CommandContext, userId: UserId, proof: Proof): Promise<void> {
  if (proof !== 'password' && proof !== 'emailCode') return
  const methods = await secondFactorMethodsOf(em, userId)
  if (methods.length > 0) throw strongerProofRequired({ methods })
}

/** Begins a challenge that one of the user's passkeys signs. */
async function beginPasskey(context: CommandContext, { id: userId }: UserRow) {
  const { em, settings } = context
  const nonce = newNonce(context)
  const passkey = await passkeyRequest(em, settings, userId, nonce)
  if (passkey.allowCredentials.length === 0) throw noPasskey({})
  const { text, expiresAt } = beginChallenge(context, { purpose: 'proof', userId, payload: { nonce } })
  return { status: 'begun' as const, challenge: text, passkey, expiresAt }
}

async function isProved(context: CommandContext, user: UserRow, input: Input, typed: PasswordCheck): Promise<boolean> {
  if (input.password !== undefined) {
    const password = await context.em.findOne(PasswordRow, { userId: user.id })
    return typed.matches && password?.changedAt.getTime() === typed.changedAt
  }
  const { emailCode: code, binding = '' } = input
  if (code !== undefined) return consumeOwnCode(context, user.id, { binding, code })
  if (input.passkey === undefined) return verifySecondFactor(context, user.id, input, '')
  const challenge = await tryChallenge(context, 'proof', input.challenge ?? '')
  if (challenge === null || challenge.userId !== user.id) return false
  const { nonce } = challenge.payload
  return (
    typeof nonce === 'string' && (await verifySecondFactor(context, user.id, input, nonce)) && (await finishChallenge(context, challenge))
  )
}

/** Records the reauthentication; a second factor raises the session to AAL2, as at sign-in. */
async function recordProof(context: CommandContext, { userId, sessionId, assurance }: ReturnType<typeof ownSession>, proof: Proof) {
  const { em, now } = context
  const lifts = proof === 'totp' || proof === 'recoveryCode' || proof === 'passkey'
  const reached = lifts ? 'aal2' : assurance
  const authMethods = lifts ? [authMethodOf[proof], 'mfa'] : [proof === 'password' ? 'pwd' : 'otp']
  const provedUntil = await recordReauthentication(em, { userId, sessionId, assurance: reached, authMethods }, now)
  // Other processes must know at once: the very next call needs it.
  context.invalidate(sessionId, { when: 'now' })
  context.note({ changes: { assurance: [assurance, reached] } })
  return { status: 'proved' as const, provedUntil, assurance: reached }
}

const failures: Readonly<Record<Proof, LoginOutcome>> = {
  password: 'wrongPassword',
  totp: 'wrongFactor',
  recoveryCode: 'wrongFactor',
  passkey: 'wrongFactor',
  emailCode: 'wrongCode',
}

function recordAttempt(context: CommandContext, { id, username }: UserRow, method: LoginMethod, outcome: LoginOutcome): void {
  recordLoginAttempt(context, { identifier: username, userId: id, method, outcome })
}
