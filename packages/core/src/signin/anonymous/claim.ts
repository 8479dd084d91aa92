import { convertAnonymousUser, takeAddress } from '../../accounts/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { ownSessionRequired, unauthenticated } from '../../kernel/errors.ts'
import { signedIn } from '../../kernel/rule.ts'
import { existingUser, ownAccountTarget, type UserRow } from '../../users/index.ts'
import { issueVerification } from '../../verifications/index.ts'
import { claimNeedsMerge, notAnonymous } from './errors.ts'
import { anonymousSignatures } from './signatures.ts'

const lifetime = 60 * 60 * 1000

/**
 * The password is set with the mailed link (`auth.resetPassword`), not here:
 * claiming somebody else's address gives its owner an account, and the claimant
 * nothing. The answer is the same if the address has an account already.
 */
export const claimAnonymous = defineCommand(anonymousSignatures.claimAnonymous, {
  allow: signedIn,
  target: ownAccountTarget,
  async handle(context, { email }) {
    const { actor, em } = context
    if (actor.kind !== 'user') throw unauthenticated({})
    const { userId, sessionId, impersonator } = actor.principal
    if (sessionId === null || impersonator !== null) throw ownSessionRequired({})
    if (!mayClaim(await existingUser(em, userId))) throw notAnonymous({})
    const { expiresAt } = await issueVerification(context, { purpose: 'claim', email, userId, lifetime, bound: false })
    return { expiresAt }
  },
})

/** Whether an account can be claimed. */
export function mayClaim({ kind, email }: UserRow): boolean {
  return kind === 'anonymous' && email === null
}

/**
 * Turns an anonymous user (row locked) into a full one, with the address that the link proved. This is
 * where a claim merges into an account that has the address already, once `users.merge` is there.
 */
export async function completeClaim(context: CommandContext, user: UserRow, email: string, passwordHash: string): Promise<void> {
  await takeAddress(context, email, claimNeedsMerge({}))
  await convertAnonymousUser(context, user, email, passwordHash)
}
