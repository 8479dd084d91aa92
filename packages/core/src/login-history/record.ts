import type { CommandContext } from '../kernel/context.ts'
import type { Id } from '../kernel/id.ts'
import { printable } from '../text/index.ts'
import type { Ports } from '../ports/index.ts'
import { LoginAttemptRow } from './entity.ts'
import { type LoginMethod, type LoginOutcome, longestIdentifier } from './model.ts'

interface NewLoginAttempt {
  /** A name of the user as it was typed, or `nameOfNobody`. */
  readonly identifier: string
  readonly userId: Id<'usr'> | null
  readonly method: LoginMethod
  readonly outcome: LoginOutcome
  readonly sessionId?: Id<'ses'>
  /** Who did it, if not the user. */
  readonly actorId?: Id<'usr'> | null
}

/**
 * What the history keeps of a name that was typed and is nobody's: a fingerprint. People type their password where the name belongs, and
 * administrators would read it. Whoever knows a name finds its attempts by it all the same.
 */
export async function nameOfNobody({ cipher }: Pick<Ports, 'cipher'>, identifier: string): Promise<string> {
  const fingerprint = await cipher.fingerprint('login-history/name', printable(identifier, longestIdentifier))
  return `unknown:${fingerprint.slice(0, 16)}`
}

/** Adds an entry to the login history. What strangers are refused goes through `recordRefusal` (throttling), which bounds it. */
export function recordLoginAttempt({ em, newId, now, origin }: CommandContext, attempt: NewLoginAttempt): void {
  const { identifier, userId, method, outcome, sessionId = null, actorId = null } = attempt
  const { ip, userAgent } = origin
  em.persist(
    em.create(LoginAttemptRow, {
      id: newId('lat'),
      at: now,
      identifier: printable(identifier, longestIdentifier),
      userId,
      outcome,
      method,
      sessionId,
      actorId,
      ip,
      userAgent,
    }),
  )
}
