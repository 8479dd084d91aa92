import { mayBeReclaimed } from '../../accounts/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { idOf } from '../../kernel/id.ts'
import { anyone } from '../../kernel/rule.ts'
import { runStatement, statement } from '../../kernel/statement.ts'
import {
  existingUser,
  isActing,
  type UserId,
  type UserKind,
  type UserStatus,
  controlledAccountTarget,
  mayChangeAccount,
} from '../../users/index.ts'
import { issueVerification } from '../../verifications/index.ts'
import { noSetup } from './errors.ts'
import { passwordSignatures } from './signatures.ts'

const minute = 60 * 1000

/** Short: who forgot a password reads the mail now. */
const resetLifetime = 60 * minute
/** Longer: a new user may be away over a long weekend. */
const setupLifetime = 4 * 24 * 60 * minute

/**
 * The answer is the same, and is written with the same work, whoever has the address:
 * a user, nobody, somebody who is suspended. Only the mail tells.
 */
export const requestPasswordReset = defineCommand(passwordSignatures.requestPasswordReset, {
  allow: anyone,
  handlesSecret: true,
  async handle(context, { email }) {
    const userId = await findResettable(context, email)
    const { expiresAt } = await issueVerification(context, {
      purpose: 'resetPassword',
      email,
      userId,
      lifetime: resetLifetime,
      bound: false,
    })
    if (userId !== null) context.note({ target: { type: 'user', id: userId } })
    return { expiresAt }
  },
})

interface ResetCandidate {
  readonly id: string
  readonly kind: UserKind
  readonly status: UserStatus
  readonly verified: boolean
}

/** Past the ORM: making a row of the whole user out of the answer would take time for those only who are there. */
const asker = statement('password_asker', 'select id::text, kind, status, email_verified as verified from users where email = ?')

/** Who gets a link at the address; null: nobody. */
async function findResettable({ em, newId, settings }: CommandContext, email: string): Promise<UserId | null> {
  const [user] = await runStatement<ResetCandidate>(em, asker, [email])
  const userId = user === undefined ? newId('usr') : idOf('usr', user.id)
  // Asked about in any case, for the same reason: an account with powers is not handed over by a mail to an address that nobody proved.
  const mayBe = await mayBeReclaimed(em, settings, userId)
  const gets = user !== undefined && user.kind === 'human' && isActing(user.status) && (user.verified || mayBe)
  return gets ? userId : null
}

/** Whoever may change an account may send its owner a way in. It goes to the account's address, and tells them nothing. */
export const sendSetupLink = defineCommand(passwordSignatures.sendSetupLink, {
  allow: mayChangeAccount,
  target: controlledAccountTarget,
  async handle(context, { userId }) {
    const user = await existingUser(context.em, userId)
    const { email } = user
    if (email === null) throw noSetup({ because: 'it has no address' })
    if (user.kind !== 'human') throw noSetup({ because: 'it is not a person: programs have API tokens, and no password' })
    if (!isActing(user.status)) throw noSetup({ because: `it is ${user.status}` })
    const { expiresAt } = await issueVerification(context, { purpose: 'setup', email, userId, lifetime: setupLifetime, bound: false })
    context.emit({ type: 'auth.setupLinkSent', subject: userId, organizationId: null, payload: { userId } })
    return { expiresAt }
  },
})
