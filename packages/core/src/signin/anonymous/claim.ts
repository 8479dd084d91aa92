import { assignRole, currentAssignment } from '../../access/index.ts'
import { builtInRoles } from '../../grants/index.ts'
import { rememberStatus } from '../../accounts/index.ts'
import { change } from '../../kernel/row.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext } from '../../kernel/context.ts'
import { ownSessionRequired, unauthenticated } from '../../kernel/errors.ts'
import { uuidOf } from '../../kernel/id.ts'
import { signedIn } from '../../kernel/rule.ts'
import { existingUser, UserRow, ownAccountTarget, lookExpression, otherUsername, storedSkeleton, usernameFrom } from '../../users/index.ts'
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
 * Turns an anonymous user (row locked) into a full one, with the address
 * that the link proved: its id and everything it owns stay. This is where a claim
 * merges into an account that has the address already, once `users.merge` is there.
 */
export async function completeClaim(context: CommandContext, user: UserRow, email: string): Promise<void> {
  const { em, now, newId, settings } = context
  const wanted = usernameFrom(email)
  // Of two concurrent claims of an address the second must see the account of the first.
  await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`claim/${wanted}`])
  if ((await em.findOne(UserRow, { email })) !== null) throw claimNeedsMerge({})
  const username = await freeUsername(context, user, wanted)
  await rememberStatus(context, user)
  change(user, { email, username, kind: 'human', status: 'active', statusChangedAt: now, updatedAt: now })
  const anonymous = await currentAssignment(em, user.id, builtInRoles.anonymous.id)
  if (anonymous !== null) change(anonymous, { revokedAt: now, revokedBy: user.id })
  if ((await currentAssignment(em, user.id, builtInRoles.user.id)) === null)
    assignRole(em, { id: newId('asg'), userId: user.id, roleId: builtInRoles.user.id, grantedBy: null, now })
  await em.flush()
  await em.execute(
    `insert into memberships (id, organization_id, user_id, role, created_at)
      select ?::uuid, id, ?::uuid, 'member', ? from organizations where slug = ?::text and status = 'active' on conflict do nothing`,
    [uuidOf(newId('mem')), uuidOf(user.id), now, settings.defaultOrganization],
    'run',
  )
  context.emit({ type: 'users.claimed', subject: user.id, organizationId: null, payload: { userId: user.id } })
}

/** As for every chosen username: with a suffix if it is taken. */
async function freeUsername({ em }: CommandContext, { id }: UserRow, wanted: string): Promise<string> {
  const look = storedSkeleton(wanted) ?? wanted
  const [taken] = await em.execute<object[]>(`select 1 from users where ${lookExpression} = ?`, [look])
  return taken === undefined ? wanted : otherUsername(wanted, id)
}
