import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import { ownSessionRequired, unauthenticated } from '../../kernel/errors.ts'
import { idOf } from '../../kernel/id.ts'
import { anyone, signedIn } from '../../kernel/rule.ts'
import { mailNotConfigured } from '../../mail/index.ts'
import { checkNewPassword, hashPassword } from '../../passwords/index.ts'
import { existingUser, isActing, type UserId, type UserStatus } from '../../users/index.ts'
import { ask, checkedRedirect } from '../../verifications/index.ts'
import { alreadyVerified, noAddress, signUpClosed } from './errors.ts'
import { codeLifetime, linkLifetime, magicLinkLifetime, type SignUpPayload } from './model.ts'
import { mailedSignatures } from './signatures.ts'

/**
 * Makes no account: what was asked for waits, sealed, until the address is proved. So
 * nobody can make one with the address of somebody else and wait for its owner to come.
 * Whether the address is known is not even looked at here: the job that mails does,
 * and whoever proves the address learns it.
 */
export const signUp = defineCommand(mailedSignatures.signUp, {
  allow: anyone,
  handlesSecret: true,
  async prepare(context, { password, ...owner }) {
    const { settings, ports } = context
    if (settings.signUp === 'closed') throw signUpClosed({})
    beforeMailing(context, owner)
    await checkNewPassword(settings, password, owner)
    return hashPassword(ports.hasher, password)
  },
  async handle(context, input, passwordHash) {
    const { email, username = null, fullName = null, displayName = null, locale = null, timezone = null } = input
    const payload: SignUpPayload = { passwordHash, username, fullName, displayName, locale, timezone }
    return sent(
      await ask(context, {
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

export const requestEmailVerification = defineCommand(mailedSignatures.requestEmailVerification, {
  allow: signedIn,
  duringPendingStep: true,
  handlesSecret: true,
  async prepare(context, input) {
    beforeMailing(context, input)
  },
  async handle(context, { redirectTo }) {
    const { id: userId, email, emailVerified } = await self(context)
    if (email === null) throw noAddress({})
    if (emailVerified) throw alreadyVerified({})
    context.note({ target: { type: 'user', id: userId } })
    const to = checkedRedirect(context.settings, redirectTo)
    return sent(await ask(context, { purpose: 'verifyEmail', email, userId, lifetime: linkLifetime, bound: true, redirectTo: to }))
  },
})

export const requestMagicLink = defineCommand(mailedSignatures.requestMagicLink, {
  allow: anyone,
  handlesSecret: true,
  async prepare(context, input) {
    beforeMailing(context, input)
  },
  async handle(context, { email, redirectTo }) {
    const userId = await whoeverMaySignIn(context.em, email)
    const to = checkedRedirect(context.settings, redirectTo)
    return sent(await ask(context, { purpose: 'magicLink', email, userId, lifetime: magicLinkLifetime, bound: true, redirectTo: to }))
  },
})

export const requestEmailCode = defineCommand(mailedSignatures.requestEmailCode, {
  allow: anyone,
  duringPendingStep: true,
  handlesSecret: true,
  async prepare(context) {
    beforeMailing(context, {})
  },
  async handle(context, { email }) {
    if (email === undefined) return ownCode(context)
    const userId = await whoeverMaySignIn(context.em, email)
    return sent(await ask(context, { purpose: 'emailCode', email, userId, lifetime: codeLifetime, bound: true }))
  },
})

/**
 * A code for `auth.reauthenticate`: it takes the binding and the code, and asks
 * `consumeOwnCode` (verifications). Only to an address that the user has proved, and
 * for a session of their own: nobody who impersonates them proves anything with it.
 */
async function ownCode(context: CommandContext) {
  const { actor } = context
  if (actor.kind === 'user' && (actor.principal.sessionId === null || actor.principal.impersonator !== null)) throw ownSessionRequired({})
  const { id: userId, email, emailVerified } = await self(context)
  if (email === null || !emailVerified) throw noAddress({})
  context.note({ target: { type: 'user', id: userId } })
  return sent(await ask(context, { purpose: 'reauthenticate', email, userId, lifetime: codeLifetime, bound: true }))
}

/** What fails whatever the address fails before anything is done. */
function beforeMailing({ ports, settings }: PrepareContext, { redirectTo }: { readonly redirectTo?: string | undefined }): void {
  if (!ports.mailer.isConfigured) throw mailNotConfigured({})
  checkedRedirect(settings, redirectTo)
}

function sent({ binding, expiresAt }: { readonly binding: string | null; readonly expiresAt: Date }) {
  if (binding === null) throw new TypeError('What is asked for here is bound to whoever asks.')
  return { status: 'verificationSent' as const, binding, expiresAt }
}

async function self({ em, actor }: CommandContext) {
  if (actor.kind !== 'user') throw unauthenticated({})
  return existingUser(em, actor.principal.userId)
}

interface Account {
  readonly id: UserId
  readonly status: UserStatus
  readonly kind: string
}

/** Past the ORM: making an object of a user takes time, and that there is one must not show. */
async function accountWith(em: SqlEntityManager, email: string): Promise<Account | null> {
  const [row] = await em.execute<{ id: string; status: UserStatus; kind: string }[]>(
    'select id::text as id, status, kind from users where email = ?',
    [email],
  )
  return row === undefined ? null : { ...row, id: idOf('usr', row.id) }
}

async function whoeverMaySignIn(em: SqlEntityManager, email: string): Promise<UserId | null> {
  const account = await accountWith(em, email)
  return account !== null && isActing(account.status) && account.kind !== 'service' ? account.id : null
}
