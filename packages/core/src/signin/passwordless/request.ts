import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { ownSessionRequired } from '../../kernel/errors.ts'
import { idOf } from '../../kernel/id.ts'
import { anyone } from '../../kernel/rule.ts'
import { isActing, type UserId, type UserStatus } from '../../users/index.ts'
import { issueVerification, checkedRedirect } from '../../verifications/index.ts'
import { noAddress } from '../errors.ts'
import { callerAccount, requireMail, verificationSent } from '../verification-request.ts'
import { passwordlessSignatures } from './signatures.ts'

/** Milliseconds that mailed secrets work which sign in: shorter than those that only confirm an address. */
const magicLinkLifetime = 15 * 60 * 1000
const codeLifetime = 10 * 60 * 1000

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
