import { changedAccountTarget, mayBeHandedOver, overAccount } from '../../accounts/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import { anyone } from '../../kernel/rule.ts'
import { existingUser, isActing, UserRow } from '../../users/index.ts'
import { ask } from '../../verifications/index.ts'
import { noSetup } from './errors.ts'
import { requestPasswordResetSignature, sendSetupLinkSignature } from './signatures.ts'

const minute = 60 * 1000

/** Whoever forgot a password reads their mail now. */
const resetLifetime = 60 * minute
/** Whoever is sent an account may be away over a long weekend. */
const setupLifetime = 4 * 24 * 60 * minute

/**
 * The answer is the same, and is written with the same work, whoever has the address:
 * a user, nobody, somebody who is suspended. Only the mail tells.
 */
export const requestPasswordReset = defineCommand(requestPasswordResetSignature, {
  allow: anyone,
  secretive: true,
  async handle(context, { email }) {
    const { em } = context
    const user = await em.findOne(UserRow, { email })
    // Asked about in any case: what is asked only of accounts that are there takes time only for these.
    const mayHave = await mayBeHandedOver(em, user?.id ?? context.newId('usr'))
    const isTheirs = user !== null && user.kind === 'human' && isActing(user.status) && (user.emailVerified || mayHave)
    const { expiresAt } = await ask(context, {
      purpose: 'resetPassword',
      email,
      userId: isTheirs ? user.id : null,
      lifetime: resetLifetime,
      bound: false,
    })
    if (isTheirs) context.note({ target: { type: 'user', id: user.id } })
    return { expiresAt }
  },
})

/** Whoever may change an account may send its owner a way in. It goes to the account's address, and tells them nothing. */
export const sendSetupLink = defineCommand(sendSetupLinkSignature, {
  allow: overAccount,
  target: changedAccountTarget,
  async handle(context, { userId }) {
    const user = await existingUser(context.em, userId)
    const { email } = user
    if (email === null) throw noSetup({ because: 'it has no address' })
    if (user.kind !== 'human') throw noSetup({ because: 'it is not a person: programs have API tokens, and no password' })
    if (!isActing(user.status)) throw noSetup({ because: `it is ${user.status}` })
    const { expiresAt } = await ask(context, { purpose: 'setup', email, userId, lifetime: setupLifetime, bound: false })
    context.emit({ type: 'auth.setupLinkSent', subject: userId, organizationId: null, payload: { userId } })
    return { expiresAt }
  },
})
