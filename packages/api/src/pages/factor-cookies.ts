import type { Core } from '@denizen/core'
import type { Fields } from '../answer.ts'
import { SealedCookie } from './sealed-cookie.ts'
import type { Visitor } from './visitor.ts'

/** An authenticator app that is being set up. */
export interface SetUp {
  /** otpauth://, with the key. */
  readonly uri: string
  /** Where to go on afterwards; empty: to the page of second factors. */
  readonly next: string
}

/** Minutes for which the key of an app is shown. */
export const minutesOfKey = 15
/** Minutes for which recovery codes are shown to whoever does not say that they have kept them. */
const minutesOfCodes = 10

/** For its user, whichever the session: whoever has to sign in again meanwhile comes back to the key that the app has already. */
export const setUpCookie = new SealedCookie<SetUp>('authenticator', minutesOfKey * 60, ({ userId }) => userId)

/** Recovery codes until somebody says that they have kept them. For one session alone. */
export const codesCookie = new SealedCookie<{ readonly codes: readonly string[]; readonly next: string }>(
  'recovery-codes',
  minutesOfCodes * 60,
  ({ sessionId }) => sessionId ?? '',
)

/** Whoever signs out leaves nothing behind. */
export function clearFactorCookies(visitor: Visitor, core: Core): Fields {
  return [...setUpCookie.clear(visitor, core), ...codesCookie.clear(visitor, core)]
}
