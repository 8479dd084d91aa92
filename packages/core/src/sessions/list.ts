import { defineQuery } from '../kernel/action.ts'
import { callerId } from '../kernel/actor.ts'
import type { QueryContext } from '../kernel/context.ts'
import { notFound } from '../kernel/errors.ts'
import { cutPage, openCursor } from '../kernel/page.ts'
import { type UserId, namedOrOwnAccountTarget, namedUserOrCaller } from '../users/index.ts'
import type { Session } from './model.ts'
import { positionOf, selectSession, selectSessions, visibleSession, type SessionSelection } from './queries.ts'
import { sessionsSignatures } from './signatures.ts'
import { mayReadSessions, sessionTarget } from './target.ts'

export const listSessions = defineQuery(sessionsSignatures.list, {
  allow: mayReadSessions,
  target: namedOrOwnAccountTarget,
  handle: (context, input) => pageOfSessions(context, sessionsSignatures.list.name, input, {}),
})

export const listActiveSessions = defineQuery(sessionsSignatures.listActive, {
  allow: mayReadSessions,
  target: namedOrOwnAccountTarget,
  handle: (context, input) => pageOfSessions(context, sessionsSignatures.listActive.name, input, { runningAt: context.now }),
})

export const listRecentSessions = defineQuery(sessionsSignatures.listRecent, {
  allow: mayReadSessions,
  target: namedOrOwnAccountTarget,
  handle(context, { days, ...input }) {
    const seenSince = new Date(context.now.getTime() - days * 24 * 60 * 60 * 1000)
    return pageOfSessions(context, sessionsSignatures.listRecent.name, { ...input, days }, { seenSince })
  },
})

interface SessionsInput {
  readonly userId?: UserId | undefined
  readonly limit: number
  readonly cursor?: string | undefined
  readonly days?: number
}

async function pageOfSessions(
  { open, ports, actor }: QueryContext,
  action: string,
  { limit, cursor, days, ...named }: SessionsInput,
  which: Pick<SessionSelection, 'runningAt' | 'seenSince'>,
): Promise<{ items: Session[]; nextCursor: string | null }> {
  const userId = namedUserOrCaller(actor, named)
  const scope = { action, filters: { userId, days }, viewer: callerId(actor) ?? actor.kind }
  const position = await openCursor(ports.cipher, scope, cursor)
  const rows = await selectSessions(await open(), { userId, ...which, position, limit })
  const { shown, nextCursor } = await cutPage(ports.cipher, scope, { rows, limit, positionOf })
  return { items: shown.map((record) => visibleSession(actor, record)), nextCursor }
}

export const getSession = defineQuery(sessionsSignatures.get, {
  allow: mayReadSessions,
  target: sessionTarget,
  async handle({ open, actor }, { sessionId }) {
    const record = await selectSession(await open(), sessionId)
    if (record === null) throw notFound({ type: 'session' })
    return visibleSession(actor, record)
  },
})
