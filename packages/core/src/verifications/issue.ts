import type { CommandContext } from '../kernel/context.ts'
import { printable } from '../text/index.ts'
import { mailNotConfigured } from '../mail/index.ts'
import { mintToken } from '../tokens/index.ts'
import type { UserId } from '../users/index.ts'
import { VerificationRow } from './entity.ts'
import { admitMail } from './limits.ts'
import { mailJob } from './deliver.ts'
import type { VerificationPurpose } from './model.ts'
import { hashOfSecret } from './secret.ts'

/** A verification to issue. */
export interface VerificationRequest {
  readonly purpose: VerificationPurpose
  readonly email: string
  /** null: nobody has the address. The row and the job are created all the same, so that the caller sees no difference. */
  readonly userId: UserId | null
  /** Milliseconds that the secret works. */
  readonly lifetime: number
  /** Whether only the browser or program that asks may use the secret: it gets the binding now. */
  readonly bound: boolean
  /** Data for when the address is proved; stored encrypted. */
  readonly payload?: string
  /** Where to redirect afterwards, checked by `checkedRedirect`. */
  readonly redirectTo?: string | null
}

const longestUserAgent = 500

/**
 * Mails a secret to an address, unless it got too many recently: then the caller
 * gets the same answer, and the secret does not work. Throws `mail.notConfigured`
 * where no mail can be sent, whoever has the address. The secret itself is not
 * stored: the job that mails it derives it again. `binding` is for the caller,
 * and null if anybody who has the secret may use it.
 */
export async function issueVerification(
  context: CommandContext,
  asked: VerificationRequest,
): Promise<{ id: VerificationRow['id']; binding: string | null; expiresAt: Date }> {
  const { em, now, newId, ports, origin } = context
  if (!ports.mailer.isConfigured) throw mailNotConfigured({})
  const { purpose, email, userId, lifetime, bound, payload, redirectTo = null } = asked
  const id = newId('ver')
  const binding = bound ? mintToken('verify', id, ports) : null
  const expiresAt = new Date(now.getTime() + lifetime)
  const sealedPayload = payload === undefined ? null : await ports.cipher.seal(`verification/${id}`, payload)
  const hash = await hashOfSecret(ports, { id, purpose })
  const { sends, ...place } = await admitMail(context, asked)
  const userAgent = origin.userAgent === null ? null : printable(origin.userAgent, longestUserAgent)
  em.persist(
    em.create(VerificationRow, {
      id,
      purpose,
      email,
      userId,
      hash,
      bindingHash: binding?.hash ?? null,
      sealedPayload,
      redirectTo,
      ip: origin.ip,
      userAgent,
      createdAt: now,
      expiresAt,
      usedAt: null,
      revokedAt: sends ? null : now,
    }),
  )
  // A job of that queue only if there will be a mail; another, that nobody does, if not: both take as long.
  context.enqueue(mailJob(id, sends && (userId !== null || purpose === 'signUp'), place))
  return { id, binding: binding?.text ?? null, expiresAt }
}
