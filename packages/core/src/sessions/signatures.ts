import { z } from 'zod'
import { query } from '../kernel/signature.ts'
import { WhoAmI } from './model.ts'

export const whoAmISignature = query('sessions.whoami', {
  summary: 'Show who you are',
  input: z.strictObject({}),
  output: WhoAmI,
})

/** The actions of `sessions`. */
export const sessionsSignatures = { whoami: whoAmISignature } as const
