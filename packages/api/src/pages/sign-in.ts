import { DenizenError, type Core, type SignedIn } from '@denizen/core'
import type { Answer } from '../answer.ts'
import { keepsSessions } from '../cookies.ts'
import { errorHeaders, httpErrorOf } from '../errors.ts'
import { goalOf, onwardFrom } from './goals.ts'
import { leavingOf, undecidedGuest } from './guest.ts'
import { mayTryAgain, signInFieldsOf, signInProblem, signInWith, type SignInFields } from './sign-in-form.ts'
import { alreadySignedIn, factorForm, noSessionsHere, passkeysNeedScript, signInForm } from './sign-in-views.ts'
import { leadTo, sessionPage, type Visitor } from './visitor.ts'

/** Where somebody is sent who has to sign in first. */
export const signInFirst = (next: string): Answer => leadTo(`sign-in?next=${encodeURIComponent(next)}`)

/** Whether an action wants whoever calls to sign in again first. */
export const asksForProof = (error: unknown): boolean =>
  error instanceof DenizenError && (error.kind === 'unauthenticated' || error.code === 'auth.freshProofRequired')

/**
 * The page where people sign in, with a password, a passkey or at a provider; next the session is in cookies. Everything but passkeys works
 * without scripts.
 */
export const answerSignIn = sessionPage(
  {
    show: (visitor, core, query) => (keepsSessions(core.settings) ? greet(core, visitor, goalOf(query)) : noSessionsHere()),
    act: async (visitor, core, fields) =>
      keepsSessions(core.settings) ? signIn(core, visitor, signInFieldsOf(fields), goalOf(fields)) : noSessionsHere(),
  },
  { assurance: 'Nothing was changed' },
)

function greet(core: Core, { principal, isRecent }: Visitor, next: string): Answer {
  const leaving = leavingOf(principal)
  if (principal === null || leaving !== null) return signInForm(200, core, { next, identifier: '', leaving }, null)
  if (next === '') return alreadySignedIn(principal.username)
  if (isRecent) return leadTo(next)
  return signInForm(
    200,
    core,
    { next, identifier: principal.username, leaving },
    'You signed in a while ago. For this, please sign in again.',
  )
}

async function signIn(core: Core, visitor: Visitor, fields: SignInFields, next: string): Promise<Answer> {
  const { identifier, password, challenge, passkey, isFirst } = fields
  // The script would have asked for the passkey before it sent the form.
  if (isFirst && passkey === '') return passkeysNeedScript()
  const leaving = leavingOf(visitor.principal)
  const typed = { next, identifier, leaving }
  if (leaving !== null && fields.leave !== leaving) return signInForm(400, core, typed, undecidedGuest)
  if (challenge === '' && (identifier === '' || password === ''))
    return signInForm(400, core, typed, 'Enter your username or email address, and your password.')
  try {
    const answer = await signInWith(visitor.stranger, fields)
    if (answer.status === 'signedIn') return await welcome(visitor, next, answer)
    const hasCode = answer.methods.some((method) => method !== 'passkey')
    const options = answer.passkey === null ? '' : JSON.stringify(answer.passkey)
    return factorForm(200, { ...typed, leave: fields.leave, challenge: answer.challenge, hasCode, options }, null)
  } catch (error) {
    const message = signInProblem(error)
    if (message === null) throw error
    const refused = error as DenizenError
    const { status } = httpErrorOf(refused)
    const form = mayTryAgain(fields, error) ? factorForm(status, { ...fields, next }, message) : signInForm(status, core, typed, message)
    return { ...form, headers: [...(form.headers ?? []), ...errorHeaders(refused, 'none')] }
  }
}

async function welcome(visitor: Visitor, next: string, session: SignedIn): Promise<Answer> {
  await visitor.open(session)
  return leadTo(onwardFrom(session.pendingSteps, next))
}
