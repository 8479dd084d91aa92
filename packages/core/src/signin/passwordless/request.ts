import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { ownSessionRequired, unauthenticated } from '../../kernel/errors.ts'
import { idOf } from '../../kernel/id.ts'
import { anyone, signedIn } from '../../kernel/rule.ts'
import { mailNotConfigured } from '../../mail/index.ts'
import { checkNewPassword, hashPassword } from '../../passwords/index.ts'
import { existingUser, isActing, type UserId, type UserStatus } from '../../users/index.ts'
import { issueVerification, checkedRedirect } from '../../verifications/index.ts'
import { alreadyVerified, noAddress, signUpClosed } from './errors.ts'
import { codeLifetime, linkLifetime, magicLinkLifetime, type SignUpPayload } from './model.ts'
import { passwordlessSignatures } from './signatures.ts'

/**
 * Creates no account: the data waits, sealed, until the address is proved. So
 * nobody can create one with somebody else's address and wait for its owner.
 * Whether the address is known is not checked here but by the job that mails,
 * and only the person who proves the address learns it.
 */
export const signUp = defineCommand(passwordlessSignatures.signUp, {
  allow: anyone,
  handlesSecret: true,
  async prepare(context, { password, ...owner }) {
    const { settings, ports } = context
    if (settings.signUp !== 'open') throw signUpClosed({})
    requireMail(context, owner)
    await checkNewPassword(settings, password, owner)
    return hashPassword(ports.hasher, password)
  },
  async handle(context, input, passwordHash) {
    const { email, username = null, fullName = null, displayName = null, locale = null, timezone = null } = input
    const payload: SignUpPayload = { passwordHash, username, fullName, displayName, locale, timezone }
    return verificationSent(
      await issueVerification(context, {
        purpose: 'signUp',
        email,
        userId: null,
        lifetime: linkLifetime,
        bound: true,
        payload: JSON.stringify(payload),
        redirectTo: checkedRedirect(context.settings, input.redirectTo),
      }),
    )
  },
})

export const requestEmailVerification = defineCommand(passwordlessSignatures.requestEmailVerification, {
  allow: signedIn,
  duringPendingStep: true,
  handlesSecret: true,
  async prepare(context, input) {
    requireMail(context, input)
  },
  async handle(context, { redirectTo }) {
    const { id: userId, email: present, emailVerified, pendingEmail } = await callerAccount(context)
    const email = pendingEmail ?? present
    if (email === null) throw noAddress({})
    if (pendingEmail === null && emailVerified) throw alreadyVerified({})
    context.note({ target: { type: 'user', id: userId } })
    const to = checkedRedirect(context.settings, redirectTo)
    return verificationSent(
      await issueVerification(context, { purpose: 'verifyEmail', email, userId, lifetime: linkLifetime, bound: true, redirectTo: to }),
    )
  },
})

export const requestMagicLink = defineCommand(passwordlessSignatures.requestMagicLink, {
  allow: anyone,
  handlesSecret: true,
  async prepare(context, input) {
    requireMail(context, input)
  },
  async handle(context, { email, redirectTo }) {
    const userId = await findActiveUser(context.em, email)
    const to = checkedRedirect(context.settings, redirectTo)
    return verificationSent(
      await issueVerification(context, { purpose: 'magicLink', email, userId, lifetime: magicLinkLifetime, bound: true, redirectTo: to }),
    )
  },
})

export const requestEmailCode = defineCommand(passwordlessSignatures.requestEmailCode, {
  allow: anyone,
  duringPendingStep: true,
  handlesSecret: true,
  async prepare(context) {
    requireMail(context, {})
  },
  async handle(context, { email }) {
    if (email === undefined) return ownCode(context)
    const userId = await findActiveUser(context.em, email)
    return verificationSent(await issueVerification(context, { purpose: 'emailCode', email, userId, lifetime: codeLifetime, bound: true }))
  },
})

/**
 * Mails a code for `auth.reauthenticate`, which passes it to
 * `consumeOwnCode`. Only to a verified address of the user, and
 * for the user's own session, not for an impersonator.
 */
async function ownCode(context: CommandContext) {
  const { actor } = context
  if (actor.kind === 'user' && (actor.principal.sessionId === null || actor.principal.impersonator !== null)) throw ownSessionRequired({})
  const { id: userId, email, emailVerified } = await callerAccount(context)
  if (email === null || !emailVerified) throw noAddress({})
  context.note({ target: { type: 'user', id: userId } })
  return verificationSent(
    await issueVerification(context, { purpose: 'reauthenticate', email, userId, lifetime: codeLifetime, bound: true }),
  )
}

/** Fails early if mail is not configured or the redirect is not allowed. */
function requireMail({ ports, settings }: PrepareContext, { redirectTo }: { readonly redirectTo?: string | undefined }): void {
  if (!ports.mailer.isConfigured) throw mailNotConfigured({})
  checkedRedirect(settings, redirectTo)
}

function verificationSent({ binding, expiresAt }: { readonly binding: string | null; readonly expiresAt: Date }) {
  if (binding === null) throw new TypeError('These verifications are always bound to the browser that asked.')
  return { status: 'verificationSent' as const, binding, expiresAt }
}

async function callerAccount({ em, actor }: CommandContext) {
  if (actor.kind !== 'user') throw unauthenticated({})
  return existingUser(em, actor.principal.userId)
}

interface Account {
  readonly id: UserId
  readonly status: UserStatus
  readonly kind: string
}

/** Without the ORM: building a user object takes time that would reveal that the user exists. */
async function accountWith(em: SqlEntityManager, email: string): Promise<Account | null> {
  const [row] = await em.execute<{ id: string; status: UserStatus; kind: string }[]>(
    'select id::text as id, status, kind from users where email = ?',
    [email],
  )
  return row === undefined ? null : { ...row, id: idOf('usr', row.id) }
}

async function findActiveUser(em: SqlEntityManager, email: string): Promise<UserId | null> {
  const account = await accountWith(em, email)
  return account !== null && isActing(account.status) && account.kind !== 'service' ? account.id : null
}
