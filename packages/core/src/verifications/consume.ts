import { raw, sql } from '@mikro-orm/sql'
import type { CommandContext } from '../kernel/context.ts'
import { openSealed } from '../kernel/sealed.ts'
import { idOrNull, uuidOf } from '../kernel/id.ts'
import { idInToken } from '../tokens/index.ts'
import type { UserId } from '../users/index.ts'
import type { VerificationId, VerificationPurpose } from './model.ts'
import { hashOfText } from './secret.ts'

/** The most attempts at a code. */
const mostGuesses = 5

/** An address that was just proved, and the purpose. */
export interface ProvenAddress {
  readonly id: VerificationId
  readonly email: string
  readonly userId: UserId | null
  readonly payload: string | null
  readonly redirectTo: string | null
  /** Whether the caller also had the binding. */
  readonly sameBrowser: boolean
}

interface ConsumedRecord {
  readonly user_id: string | null
  readonly email: string
  readonly sealed_payload: string | null
  readonly redirect_to: string | null
  readonly same_browser: boolean
}

/** The columns of a consumed verification. */
const consumedColumns = 'user_id::text, email, sealed_payload, redirect_to'

/**
 * Consumes the secret of a link, in one statement: of many concurrent calls one
 * wins. null: not valid, used, revoked, expired, or of another browser.
 * `anyBrowser`: another one may use it too; then `sameBrowser` says whose it is, and
 * whoever calls decides what that is worth.
 */
export async function consumeLink(
  context: CommandContext,
  purpose: VerificationPurpose,
  token: string,
  binding: string | null,
  { anyBrowser = false }: { anyBrowser?: boolean } = {},
): Promise<ProvenAddress | null> {
  const { em, now, ports } = context
  const id = idInToken('verify', token)
  if (id === null) return null
  const hash = await hashOfText(ports, { id, purpose }, token)
  const bindingHash = hashOfBinding(context, binding)
  const [row] = await em.execute<ConsumedRecord[]>(
    sql`update verifications set used_at = ${now} where id = ${uuidOf(id)} and purpose = ${purpose} and hash = ${hash}
        and (binding_hash is null or binding_hash = ${bindingHash} or ${anyBrowser})
        and used_at is null and revoked_at is null and expires_at > ${now}
      returning ${raw(consumedColumns)}, coalesce(binding_hash = ${bindingHash}, false) as same_browser`,
  )
  return row === undefined ? null : provenAddress(context, id, row)
}

/**
 * Consumes a code. Every attempt is counted, in one statement, before it
 * is compared: however many come at once, only `mostGuesses` are compared. A caller that gets
 * null refuses and does not throw, so that the count is committed.
 */
export async function consumeCode(
  context: CommandContext,
  purpose: VerificationPurpose,
  id: VerificationId,
  code: string,
  binding: string | null,
): Promise<ProvenAddress | null> {
  const { em, now, ports } = context
  const counted = await em.execute<unknown[]>(
    `update verifications set attempts = attempts + 1 where id = ? and purpose = ? and attempts < ?
        and (binding_hash is null or binding_hash = ?) and used_at is null and revoked_at is null and expires_at > ? returning 1`,
    [uuidOf(id), purpose, mostGuesses, hashOfBinding(context, binding), now],
  )
  if (counted.length === 0) return null
  const [row] = await em.execute<ConsumedRecord[]>(
    `update verifications set used_at = ? where id = ? and hash = ? and used_at is null
      returning ${consumedColumns}, binding_hash is not null as same_browser`,
    [now, uuidOf(id), await hashOfText(ports, { id, purpose }, code)],
  )
  return row === undefined ? null : provenAddress(context, id, row)
}

/**
 * The same for a code that its user asked for with `auth.requestEmailCode` and the
 * purpose `reauthenticate`, while signed in: a binding of somebody else's code is none.
 * For `auth.reauthenticate`. Whoever gets false refuses, and does not throw; guesses
 * are to be throttled besides, as those of a password are.
 */
export async function consumeOwnCode(
  context: CommandContext,
  userId: UserId,
  { binding, code }: { readonly binding: string; readonly code: string },
): Promise<boolean> {
  const id = idInToken('verify', binding)
  if (id === null) return false
  const [own] = await context.em.execute<unknown[]>(
    'select 1 from verifications v join users u on u.id = v.user_id and u.email = v.email where v.id = ? and u.id = ?',
    [uuidOf(id), uuidOf(userId)],
  )
  return own !== undefined && (await consumeCode(context, 'reauthenticate', id, code, binding)) !== null
}

/** Revokes all unused secrets of a user: the address, password or factors have changed. */
export async function revokeVerifications({ em, now }: Pick<CommandContext, 'em' | 'now'>, userId: UserId): Promise<void> {
  // Also ends sign-ins that wait for their second factor.
  await em.execute(
    `with begun as (update challenges set used_at = ? where user_id = ? and purpose = 'factor' and used_at is null)
      update verifications set revoked_at = ? where user_id = ? and used_at is null and revoked_at is null`,
    [now, uuidOf(userId), now, uuidOf(userId)],
    'run',
  )
}

/** Revokes the unused links that confirm an address of a user: another one was asked for, or none any more. */
export async function revokeConfirmations({ em, now }: Pick<CommandContext, 'em' | 'now'>, userId: UserId): Promise<void> {
  await em.execute(
    `update verifications set revoked_at = ? where user_id = ? and purpose = 'verifyEmail' and used_at is null and revoked_at is null`,
    [now, uuidOf(userId)],
    'run',
  )
}

async function provenAddress({ ports }: CommandContext, id: VerificationId, row: ConsumedRecord): Promise<ProvenAddress> {
  const { user_id: userId, email, sealed_payload: sealed, redirect_to: redirectTo, same_browser: sameBrowser } = row
  const payload = sealed === null ? null : await openSealed(ports.cipher, `verification/${id}`, sealed)
  return { id, email, userId: idOrNull('usr', userId), payload, redirectTo, sameBrowser }
}

function hashOfBinding({ ports }: Pick<CommandContext, 'ports'>, binding: string | null): string {
  return binding === null ? '' : ports.digest.sha256(binding)
}
