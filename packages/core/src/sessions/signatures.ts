import { z } from 'zod'
import { pageInput, pageOf } from '../kernel/page.ts'
import { command, query } from '../kernel/signature.ts'
import { userId } from '../users/model.ts'
import { Session, sessionId, WhoAmI } from './model.ts'

export const whoAmISignature = query('sessions.whoami', {
  summary: 'Show who you are',
  input: z.strictObject({}),
  output: WhoAmI,
})

/** Whose sessions: one's own, or, for whoever may see them, somebody else's. */
const whose = { userId: userId.optional().meta({ description: 'whose sessions (default: your own)' }) }

export const listSessionsSignature = query('sessions.list', {
  summary: 'List all sessions there were, newest first',
  input: z.strictObject({ ...pageInput, ...whose }),
  output: pageOf(Session),
})

export const listActiveSessionsSignature = query('sessions.listActive', {
  summary: 'List the sessions that are running, newest first',
  input: z.strictObject({ ...pageInput, ...whose }),
  output: pageOf(Session),
})

export const listRecentSessionsSignature = query('sessions.listRecent', {
  summary: 'List the sessions that were used of late, running or over, last used first',
  input: z.strictObject({
    ...pageInput,
    ...whose,
    days: z.int().min(1).max(365).default(30).meta({ description: 'used within so many days' }),
  }),
  output: pageOf(Session),
})

export const getSessionSignature = query('sessions.get', {
  summary: 'Show a session',
  input: z.strictObject({ sessionId }),
  output: Session,
})

const Ended = z.object({ sessionsEnded: z.int(), tokensEnded: z.int() })

export const endSessionSignature = command('sessions.end', {
  summary: 'End a session: whoever holds it is signed out',
  input: z.strictObject({ sessionId }),
  output: Ended,
})

export const endAllSessionsSignature = command('sessions.endAll', {
  summary: 'End all sessions, this one too if they are your own; API tokens stay',
  input: z.strictObject(whose),
  output: Ended,
})

export const endOtherSessionsSignature = command('sessions.endOthers', {
  summary: 'End all of your sessions but this one; API tokens stay',
  input: z.strictObject({}),
  output: Ended,
})

/** The actions of `sessions`. */
export const sessionsSignatures = {
  end: endSessionSignature,
  endAll: endAllSessionsSignature,
  endOthers: endOtherSessionsSignature,
  get: getSessionSignature,
  list: listSessionsSignature,
  listActive: listActiveSessionsSignature,
  listRecent: listRecentSessionsSignature,
  whoami: whoAmISignature,
} as const
