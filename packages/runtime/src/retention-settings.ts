import type { Settings } from '@denizen/core'
import type { z } from 'zod'
import { define } from './setting.ts'
import { wholeNumberOrNone } from './setting-formats.ts'

/** No fewer: whoever has signed in of late from a network is remembered by their sessions for that long. */
const leastDays = 30
const mostDays = 36_500

const daysOrNone = (usual: number) => wholeNumberOrNone(leastDays, mostDays).default(usual)

export const retentionDefinitions = {
  DENIZEN_SESSION_HISTORY_DAYS: define(
    daysOrNone(90),
    '90',
    'Days that sessions are kept after their end: which device, from where. none: for ever.',
  ),
  DENIZEN_LOGIN_HISTORY_DAYS: define(
    daysOrNone(365),
    '365',
    'Days that attempts to sign in are kept, also those that failed. none: for ever.',
  ),
}

type Shape = { readonly [Name in keyof typeof retentionDefinitions]: (typeof retentionDefinitions)[Name]['schema'] }

export function retentionOf(values: z.output<z.ZodObject<Shape>>): Settings['retention'] {
  return { endedSessionDays: values.DENIZEN_SESSION_HISTORY_DAYS, loginAttemptDays: values.DENIZEN_LOGIN_HISTORY_DAYS }
}
