import { z } from 'zod'
import { pageInput, pageOf } from '../kernel/page.ts'
import { changes, group, reads } from '../kernel/signature.ts'
import { sessionId, userId } from '../kernel/ids.ts'
import { Session, WhoAmI } from './model.ts'

/** Whose sessions: one's own, or, for whoever may see them, somebody else's. */
const whose = { userId: userId.optional().meta({ description: 'whose sessions (default: your own)' }) }

const Ended = z.object({ sessionsEnded: z.int(), tokensEnded: z.int() })

/** The actions of `sessions`. */
export const sessionsSignatures = group('sessions', {
  whoami: reads({
    summary: 'Show who you are',
    input: z.strictObject({}),
    output: WhoAmI,
  }),
  list: reads({
    summary: 'List all sessions there were, newest first',
    grantedTo: ['admin'],
    input: z.strictObject({ ...pageInput, ...whose }),
    output: pageOf(Session),
  }),
  listActive: reads({
    summary: 'List the sessions that are running, newest first',
    grantedTo: ['admin'],
    input: z.strictObject({ ...pageInput, ...whose }),
    output: pageOf(Session),
  }),
  listRecent: reads({
    summary: 'List the sessions that were used of late, running or over, last used first',
    grantedTo: ['admin'],
    input: z.strictObject({
      ...pageInput,
      ...whose,
      days: z.int().min(1).max(365).default(30).meta({ description: 'used within so many days' }),
    }),
    output: pageOf(Session),
  }),
  get: reads({
    summary: 'Show a session',
    grantedTo: ['admin'],
    input: z.strictObject({ sessionId }),
    output: Session,
  }),
  end: changes({
    summary: 'End a session: whoever holds it is signed out',
    grantedTo: ['admin'],
    input: z.strictObject({ sessionId }),
    output: Ended,
  }),
  endAll: changes({
    summary: 'End all sessions, this one too if they are your own; API tokens stay',
    grantedTo: ['admin'],
    input: z.strictObject(whose),
    output: Ended,
  }),
  endOthers: changes({
    summary: 'End all of your sessions but this one; API tokens stay',
    input: z.strictObject({}),
    output: Ended,
  }),
})
