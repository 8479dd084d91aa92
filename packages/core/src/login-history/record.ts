import type { CommandContext } from '../kernel/context.ts'
import type { Id } from '../kernel/id.ts'
import { printable } from '../text/index.ts'
import { LoginAttemptRow } from './entity.ts'
import { type LoginMethod, type LoginOutcome, longestIdentifier } from './model.ts'

interface NewLoginAttempt {
  /** What was typed. */
  readonly identifier: string
  readonly userId: Id<'usr'> | null
  readonly method: LoginMethod
  readonly outcome: LoginOutcome
  readonly sessionId?: Id<'ses'>
  /** Who did it, if not the user. */
  readonly actorId?: Id<'usr'> | null
}

/** Adds an entry to the login history: every attempt is recorded, whatever its outcome. */
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
