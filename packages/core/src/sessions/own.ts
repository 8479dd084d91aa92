import type { Principal } from '../kernel/context.ts'
import type { WhoAmI } from './model.ts'

/** The session that a caller is in, as it is told to them; null: an API token stands for itself. */
export function ownSessionOf({ sessionId, expiresAt, assurance, impersonator }: Principal): WhoAmI['session'] {
  if (sessionId === null || expiresAt === null) return null
  const session = { id: sessionId, expiresAt, assurance }
  return impersonator === null ? session : { ...session, impersonator: { id: impersonator.userId, username: impersonator.username } }
}
