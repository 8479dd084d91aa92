import type { SqlEntityManager } from '@mikro-orm/sql'
import { writePermissionUses, type PermissionUse } from './access/index.ts'
import { writeLastSeen } from './accounts/activity/repository.ts'
import type { Principal } from './kernel/actor.ts'
import { WriteBehindBuffer } from './kernel/write-behind.ts'
import type { Ports } from './ports/index.ts'
import { writeSessionsSeen } from './sessions/index.ts'
import { writeLastUsed, writePairsUsed } from './tokens/repository.ts'

/** Buffers for when users and sessions were last seen, and API tokens and permissions last used. */
export function writeBehindBuffers(reader: () => SqlEntityManager, { logger }: Ports) {
  const users = new WriteBehindBuffer({ reader, logger, write: writeLastSeen, name: 'usersSeen', what: 'users were last seen' })
  const sessions = new WriteBehindBuffer({
    reader,
    logger,
    write: writeSessionsSeen,
    name: 'sessionsSeen',
    what: 'sessions were last seen',
  })
  const tokens = new WriteBehindBuffer({ reader, logger, write: writeLastUsed, name: 'tokensUsed', what: 'tokens were last used' })
  const pairs = new WriteBehindBuffer({
    reader,
    logger,
    write: writePairsUsed,
    name: 'tokenPairsUsed',
    what: 'pairs of tokens were first used',
  })
  const uses = new WriteBehindBuffer({
    reader,
    logger,
    write: writePermissionUses,
    name: 'permissionsUsed',
    what: 'permissions were last used',
  })
  const all = [users, sessions, tokens, pairs, uses] as const
  return {
    all,
    used: (use: PermissionUse, now: Date): void => void uses.note(use, now),
    /** Most calls cost one lookup: if the token was recorded within the minute, so were its session and user. */
    note({ userId, sessionId, tokenId, impersonator }: Principal, now: Date): void {
      const anew = sessionId === null ? tokens.note(tokenId, now) : pairs.note(tokenId, now)
      if (anew && sessionId !== null) sessions.note(sessionId, now)
      // An impersonator is not the user.
      if (anew && impersonator === null) users.note(userId, now)
    },
    start: () => all.forEach((notes) => notes.start()),
    write: async () => void (await Promise.all(all.map((notes) => notes.write()))),
    stop: async () => void (await Promise.all(all.map((notes) => notes.stop()))),
  }
}
