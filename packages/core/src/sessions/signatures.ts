import { z } from 'zod'
import { pageInput, pageOf } from '../kernel/page.ts'
import { changes, group, reads } from '../kernel/signature.ts'
import { sessionId, userId } from '../kernel/ids.ts'
import { Session, WhoAmI } from './model.ts'

/** The user whose sessions are meant: oneself, or another user for those who may see them. */
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
    summary: 'List all sessions, also ended ones, newest first',
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
    summary: 'List the sessions that were used recently, active or ended, last used first',
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
    summary: 'End a session, and sign out whoever uses it',
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
