import type { SqlEntityManager } from '@mikro-orm/sql'
import { accountExists, insertProvenUser, proveAddress, reclaimAccount, reclaimRefused } from '../../accounts/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { CommandContext, PrepareContext } from '../../kernel/context.ts'
import type { Id } from '../../kernel/id.ts'
import { anyone } from '../../kernel/rule.ts'
import { checkNewPassword, hashPassword, PasswordRow, verifyOrDecoy } from '../../passwords/index.ts'
import { existingUser, isActing, lockAddress, lockUserWith, UserRow } from '../../users/index.ts'
import { consumeLink, linkInvalid, inspectLink, type InspectedLink, type ProvenAddress } from '../../verifications/index.ts'
import { recordLoginAttempt } from '../../login-history/index.ts'
import { invalidCredentials } from '../errors.ts'
import { nameOf } from '../verify-password.ts'
import { guess, throttleKeys } from '../../throttling/index.ts'
import { accountInactive, passwordNeeded, proofNeeded } from './errors.ts'
import { readPayload, type SignUpPayload } from './model.ts'
import { signUpSignatures } from './signatures.ts'

interface Confirmation {
  readonly token: string
  readonly binding?: string | undefined
  readonly password?: string | undefined
  readonly username?: string | undefined
  readonly fullName?: string | undefined
}

/** What was found before the transaction; everything is checked again inside. */
interface Preparation {
  readonly purpose: 'signUp' | 'verifyEmail'
  readonly email: string
  readonly accountId: Id<'usr'> | null
  /** The hash of a password that was typed to become the account's. */
  readonly passwordHash: string | null
  /** Whether the one that was typed is the account's, and since when that has been so. */
  readonly matches: boolean
  readonly changedAt: Date | null
}

export const verifyEmail = defineCommand(signUpSignatures.verifyEmail, {
  allow: anyone,
  duringPendingStep: true,
  handlesSecret: true,
  locks: (found) => (found?.accountId ? [found.accountId] : []),
  prepare,
  async handle(context, input, found) {
    switch (found?.purpose) {
      case 'signUp':
        return completeSignUp(context, input, found)
      case 'verifyEmail':
        return confirmOwn(context, input, found)
      case undefined:
        throw linkInvalid({})
    }
  },
})

/** Hashing is slow: only for a link that works, and only for a password that is going to matter. */
async function prepare(context: PrepareContext, input: Confirmation): Promise<Preparation | null> {
  const { reader, ports, now } = context
  const looked = await inspectLink(reader, ports, input, now)
  const purpose = looked?.row.purpose
  if (looked === null || (purpose !== 'signUp' && purpose !== 'verifyEmail')) return null
  const { email, userId } = looked.row
  const account = await reader.findOne(UserRow, purpose === 'signUp' ? { email } : { id: userId })
  const found = { purpose, email, accountId: account?.id ?? null, passwordHash: null, matches: false, changedAt: null }
  if (input.password === undefined) return found
  if (purpose === 'signUp') return { ...found, passwordHash: await hashNewPassword(context, looked, input, account) }
  const stored = account === null ? null : await reader.findOne(PasswordRow, { userId: account.id })
  const matches = await verifyOrDecoy(ports.hasher, stored?.hash ?? null, input.password)
  return { ...found, matches, changedAt: stored?.changedAt ?? null }
}

async function hashNewPassword(
  { ports, settings }: PrepareContext,
  { row, payload }: InspectedLink,
  { password = '', username, fullName }: Confirmation,
  account: UserRow | null,
): Promise<string | null> {
  if (account?.emailVerified === true) return null
  const asked = readPayload(payload)
  const names = { username: username ?? account?.username ?? asked?.username, fullName: fullName ?? account?.fullName ?? asked?.fullName }
  await checkNewPassword(settings, password, { email: row.email, ...names })
  return hashPassword(ports.hasher, password)
}

/**
 * The address is proved. The password that was typed at sign-up counts only for
 * whoever also has the other half of the link, which only they got who typed it; anybody
 * else chooses one. Locks are taken in the order of all commands: the user, then
 * the secrets of the address, so that of two sign-ups one makes the account.
 */
async function completeSignUp(context: CommandContext, input: Confirmation, found: Preparation) {
  const { em } = context
  const accountId = await lockHolder(em, found.email)
  await lockSignUps(context, found.email)
  const proved = await proveOnce(context, 'signUp', input)
  const payload = readPayload(proved.payload)
  if (payload === null) throw linkInvalid({})
  const account = accountId === null ? null : await em.findOneOrFail(UserRow, { id: accountId }, { refresh: true })
  if (account?.emailVerified === true) throw accountExists({ username: account.username })
  const passwordHash = found.passwordHash ?? (proved.sameBrowser ? payload.passwordHash : null)
  if (passwordHash === null) throw passwordNeeded({})
  await revokeOtherSignUps(context, proved)
  if (account === null)
    return recordAndAnswer(context, 'signedUp', await newAccount(context, proved, { ...payload, passwordHash }, input), proved)
  if (!isActing(account.status)) throw accountInactive({})
  await reclaimAccount(context, account, { passwordHash, refusal: reclaimRefused({}) })
  return recordAndAnswer(context, 'takenOver', account, proved)
}

/**
 * Whoever has the link has the address, but the account may be somebody else's who
 * says that the address is theirs: its owner confirms it where they are signed in, where
 * they asked, or with the password.
 */
async function confirmOwn(context: CommandContext, input: Confirmation, found: Preparation) {
  const { em, actor } = context
  if (found.accountId === null) throw linkInvalid({})
  const user = await existingUser(em, found.accountId)
  if (!isActing(user.status)) throw accountInactive({})
  const isSelf = actor.kind === 'user' && actor.principal.userId === user.id && actor.principal.impersonator === null
  if (!isSelf && input.password !== undefined) await checkPassword(context, user, found)
  const proved = await proveOnce(context, 'verifyEmail', input)
  if (proved.userId !== user.id || (proved.email !== user.email && proved.email !== user.pendingEmail)) throw linkInvalid({})
  if (!isSelf && !proved.sameBrowser && input.password === undefined) throw proofNeeded({})
  await proveAddress(context, user, proved.email)
  return recordAndAnswer(context, 'verified', user, proved)
}

/** Guesses are counted as those at a sign-in are. */
async function checkPassword(context: CommandContext, user: UserRow, { matches, changedAt }: Preparation): Promise<void> {
  const { em, ports, origin } = context
  const identifier = user.email ?? user.username
  const keys = await throttleKeys(ports, origin, nameOf(identifier), { guessed: 'password', userId: user.id })
  const right = await guess(context, keys, async () => {
    const password = await em.findOne(PasswordRow, { userId: user.id })
    return matches && password?.changedAt.getTime() === changedAt?.getTime() ? true : null
  })
  if (right !== null) return
  recordLoginAttempt(context, { identifier, userId: user.id, method: 'password', outcome: 'wrongPassword' })
  context.note({ target: { type: 'user', id: user.id } })
  context.refuse(invalidCredentials({}))
}

/**
 * Locks the user who has the address; null: nobody has it, and the address itself is locked. The address is never locked after its
 * holder, because `takeAddress` locks them the other way round.
 */
async function lockHolder(em: SqlEntityManager, email: string): Promise<Id<'usr'> | null> {
  const holder = await lockUserWith(em, email)
  if (holder !== null) return holder
  await lockAddress(em, email)
  return lockUserWith(em, email)
}

async function proveOnce(
  context: CommandContext,
  purpose: 'signUp' | 'verifyEmail',
  { token, binding }: Confirmation,
): Promise<ProvenAddress> {
  const proved = await consumeLink(context, purpose, token, binding ?? null, { anyBrowser: true })
  if (proved === null) throw linkInvalid({})
  return proved
}

/** In the order of their ids, before one of them is used up: whoever comes at the same moment with another waits here. */
async function lockSignUps({ em, now }: CommandContext, email: string): Promise<void> {
  await em.execute(
    `select 1 from verifications where email = ? and purpose = 'signUp' and used_at is null and revoked_at is null and expires_at > ?
      order by id for update`,
    [email, now],
  )
}

/** Of several sign-ups for one address one counts. */
async function revokeOtherSignUps({ em, now }: CommandContext, { email }: ProvenAddress): Promise<void> {
  await em.execute(
    `update verifications set revoked_at = ? where email = ? and purpose = 'signUp' and used_at is null and revoked_at is null`,
    [now, email],
    'run',
  )
}

async function newAccount(context: CommandContext, { email }: ProvenAddress, asked: SignUpPayload, input: Confirmation) {
  const { passwordHash, displayName, locale, timezone } = asked
  return insertProvenUser(context, {
    email,
    username: input.username ?? asked.username,
    passwordHash,
    profile: { fullName: input.fullName ?? asked.fullName, displayName, locale: locale ?? undefined, timezone: timezone ?? undefined },
  })
}

/** Writes down what was proved, and answers. */
function recordAndAnswer(
  context: CommandContext,
  status: 'signedUp' | 'takenOver' | 'verified',
  { id, username }: { readonly id: Id<'usr'>; readonly username: string },
  { email, redirectTo }: ProvenAddress,
) {
  context.note({ target: { type: 'user', id }, changes: { status } })
  context.emit({ type: 'users.emailVerified', subject: id, organizationId: null, payload: { userId: id, status } })
  return { status, user: { id, username, email }, redirectTo }
}
