import { insertProvenUser, onlyAdministratorsCreate, proveAddress, reclaimAccount } from '../accounts/index.ts'
import { defineCommand } from '../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../kernel/context.ts'
import { alreadyMember, lockOrganizations, reserveMembership } from '../organizations/index.ts'
import { checkNewPassword, hashPassword } from '../passwords/index.ts'
import { lockUserWith, existingUser, isActing, UserRow, type UserId } from '../users/index.ts'
import { answerOnce, checkAddress, findOffered, ownInvitationTarget, recordAnswer, mayAnswer, type InvitationInput } from './answer.ts'
import { accountInactive, passwordNeeded, signInFirst } from './errors.ts'
import { acceptedBy, insertMembership, type Offer } from './repository.ts'
import { makesAccounts } from './rules.ts'
import { invitationsSignatures } from './signatures.ts'

interface Acceptance extends InvitationInput {
  readonly password?: string | undefined
  readonly username?: string | undefined
  readonly fullName?: string | undefined
}

/**
 * Locks are taken in the order of all commands: the user, then the
 * organization. Only then is the invitation used up, in one statement, so that of
 * many who accept it one goes on; all of it is undone if there is no seat.
 */
export const acceptInvitation = defineCommand(invitationsSignatures.acceptInvitation, {
  allow: mayAnswer,
  handlesSecret: true,
  target: ownInvitationTarget,
  prepare: hashIfNeeded,
  async handle(context, input, passwordHash) {
    const { em, now, newId } = context
    const looked = await findOffered(em, context, input)
    const account = await lockedAccount(context, looked)
    if (account === null && !makesAccounts(looked, context.settings, context.catalogue)) throw onlyAdministratorsCreate({})
    if (account === null && passwordHash === null) throw passwordNeeded({ email: looked.email })
    await lockOrganizations(em, [looked.organization.id])
    // Checked again under the lock: the inviter may have lost their role a moment ago.
    const offer = await findOffered(em, context, input)
    await answerOnce(context, offer, 'accepted')
    const { organization, role } = offer
    await reserveMembership(em, organization.id)
    const userId = account === null ? await newAccount(context, offer, input, passwordHash) : account.id
    if (account !== null) await confirmAddress(context, account, offer.email, passwordHash)
    const joined = { id: newId('mem'), organizationId: organization.id, userId, role, now, isNew: account === null }
    if (!(await insertMembership(em, joined))) throw alreadyMember({})
    await acceptedBy(em, offer.id, userId)
    context.invalidate(userId, { when: 'soon' })
    recordAnswer(context, offer, 'accepted', { userId, role, accountCreated: account === null })
    const payload = { organizationId: organization.id, userId, role }
    context.emit({ type: 'organizations.memberAdded', subject: userId, organizationId: organization.id, payload })
    return { organization, role, userId, accountCreated: account === null }
  },
})

/** Hashing is slow: only for a valid link, and only if the password will be used. */
async function hashIfNeeded(context: PrepareContext, input: Acceptance): Promise<string | null> {
  const { reader, ports, settings, actor } = context
  if (input.password === undefined || actor.kind === 'user') return null
  const { email } = await findOffered(reader, context, input)
  const account = await reader.findOne(UserRow, { email })
  if (account?.emailVerified === true) return null
  await checkNewPassword(settings, input.password, account ?? { ...input, email })
  return hashPassword(ports.hasher, input.password)
}

/** The account that joins, its row locked: the caller's own, or the one with the address that the link proves. null: there is none yet. */
async function lockedAccount(context: CommandContext, offer: Offer): Promise<UserRow | null> {
  const { em, actor } = context
  await checkAddress(context, offer)
  const userId = actor.kind === 'user' ? actor.principal.userId : await lockUserWith(em, offer.email)
  if (userId === null) return null
  const account = await existingUser(em, userId)
  if (!isActing(account.status)) throw accountInactive({})
  return account
}

/** The link came by mail, so it proves the address. */
async function newAccount(context: CommandContext, { email }: Offer, input: Acceptance, passwordHash: string | null): Promise<UserId> {
  const { username = null, fullName } = input
  return (await insertProvenUser(context, { email, username, passwordHash, profile: { fullName } })).id
}

/**
 * The link proves the address. If it was not verified, and the caller is not signed
 * in, they reclaim the account.
 */
async function confirmAddress(context: CommandContext, account: UserRow, email: string, passwordHash: string | null): Promise<void> {
  if (account.emailVerified) return
  if (context.actor.kind === 'user') await proveAddress(context, account, email)
  else await reclaimAccount(context, account, { passwordHash, refusal: signInFirst({}) })
}
