import type { IncomingHttpHeaders } from 'node:http'
import { DenizenError, userActor, type Core, type OutputOf, type Principal, type Signatures } from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import type { Answer } from '../answer.ts'
import { contextOf } from '../context.ts'
import { httpErrorOf } from '../errors.ts'
import { Origins } from '../origins.ts'
import type { Context } from '../procedures.ts'
import { elsewhereFirst } from './elsewhere-first.ts'
import { namingOrigin } from './layout.ts'
import { answerForm, failurePage, type FormPage, type PageRequest } from './respond.ts'
import { mayTryAgain, signInFieldsOf, signInProblem, signInWith, type SignInFields } from './sign-in-form.ts'
import { approved, codeForm, decisionForm, denied, factorForm, sessionForm, type DeviceLogin } from './device-views.ts'
import { addressOf, browserOf, leadTo, withCookies, type Browser } from './visitor.ts'

/** Where people enter the code that a device shows them. */
export const devicePath = '/device'

/** One request, at one core. */
interface Visit {
  readonly core: Core
  readonly browser: Browser
  readonly headers: IncomingHttpHeaders
}

/**
 * The page where a device login is approved: GET asks for the code, then shows which
 * program would be signed in; POST decides.
 *
 * Approving requires recent authentication. Somebody who is signed in in this browser
 * and has authenticated recently only presses a button: pages of other origins can
 * neither show this page in a frame nor send its form with the cookie. Everybody else
 * signs in with the form itself; the session of that sign-in ends in the same transaction,
 * and that of the browser, if there is one, stays as it is.
 */
export async function answerDevice(asked: PageRequest, core: Core, proxies: TrustedProxies): Promise<Answer | null> {
  const visit: Visit = { core, browser: browserOf(asked, core, proxies), headers: asked.request.headers }
  const form: FormPage = {
    async show(query) {
      const userCode = query.get('user_code')?.trim() ?? ''
      if (userCode === '') return codeForm(200, null)
      // As on the other pages: the next request is the first to use a renewed session.
      return (await visit.browser.visit()).isRenewed ? leadTo(addressOf(asked)) : ask(visit, userCode)
    },
    act: async (fields) => decide(visit, formOf(fields)),
  }
  const answer = await answerForm(asked, core, form, (error) => failure(visit, error, asked))
  return answer && withCookies(namingOrigin(answer), visit.browser.cookies)
}

interface Form extends SignInFields {
  readonly userCode: string
  /** `passkey`: to approve, without a password; the passkey is asked for on the next page. `ask`: the code was corrected. null: none was made. */
  readonly decision: (typeof decisions)[number] | null
  /** Decided with the session of this browser; no password was entered. */
  readonly bySession: boolean
}

const decisions = ['approve', 'deny', 'passkey', 'ask'] as const

function formOf(fields: URLSearchParams): Form {
  const decision = decisions.find((known) => known === fields.get('decision')) ?? null
  return {
    ...signInFieldsOf(fields),
    userCode: (fields.get('user_code') ?? '').trim(),
    decision,
    bySession: fields.get('by') === 'session',
  }
}

async function view({ browser }: Visit, userCode: string): Promise<DeviceLogin> {
  return (await browser.stranger.call('auth.viewDeviceLogin', { userCode: userCode.slice(0, 64) })) as DeviceLogin
}

/** What was entered before, and what is to be said about it. */
interface Again {
  readonly status: number
  readonly identifier: string
  readonly message: string | null
}

async function ask(visit: Visit, userCode: string, again?: Again): Promise<Answer> {
  const login = await view(visit, userCode)
  const { status = 200, message = null, identifier = '' } = again ?? {}
  const known = await recentlySignedIn(visit)
  if (known !== null) return sessionForm(status, login, { userCode, username: known.username }, message)
  const { principal } = await visit.browser.cookies.found()
  return decisionForm(status, login, { userCode, identifier: identifier === '' ? nameOf(principal) : identifier }, message)
}

/** Who is probably going to sign in: nobody signs in as a guest. */
function nameOf(principal: Principal | null): string {
  return principal === null || principal.isAnonymous ? '' : principal.username
}

/** Who is signed in in this browser, and may approve without signing in again; null: nobody. */
async function recentlySignedIn({ core, browser }: Visit): Promise<Principal | null> {
  const { principal } = await browser.cookies.found()
  if (principal === null) return null
  const { recentAuthUntil, pendingSteps } = principal
  return recentAuthUntil !== null && recentAuthUntil > core.ports.clock.now() && pendingSteps.length === 0 ? principal : null
}

/** The code is looked at first: whoever had this page open for longer than it works types the new one, and nothing else again. */
async function decide(visit: Visit, form: Form): Promise<Answer> {
  try {
    return await decideAbout(visit, await view(visit, form.userCode), form)
  } catch (error) {
    if (!(error instanceof DenizenError) || error.code !== 'auth.deviceLoginUnknown') throw error
    return codeForm(404, error.message, form)
  }
}

async function decideAbout(visit: Visit, login: DeviceLogin, form: Form): Promise<Answer> {
  const { userCode, decision, identifier } = form
  if (decision === 'ask') return ask(visit, userCode, { status: 200, identifier, message: null })
  if (decision === null) return ask(visit, userCode, { status: 400, identifier, message: 'Press Approve or Deny.' })
  if (decision === 'deny') {
    await visit.browser.stranger.call('auth.denyDeviceLogin', { userCode })
    return denied(login)
  }
  if (form.bySession) return approveInSession(visit, login, userCode)
  const typed = { userCode, identifier }
  if (decision === 'passkey') return askForPasskey(visit, login, userCode)
  if (form.challenge === '' && (identifier === '' || form.password === ''))
    return decisionForm(400, login, typed, 'Enter your username or email address, and your password.')
  try {
    const answer = await signInWith(visit.browser.stranger, form)
    if (answer.status === 'signedIn') return await approve(visit, answer.accessToken, userCode)
    const { challenge, methods, passkey } = answer
    const hasCode = methods.some((method) => method !== 'passkey')
    return factorForm(200, login, { ...typed, challenge, hasCode, options: passkey === null ? '' : JSON.stringify(passkey) }, null)
  } catch (error) {
    const message = signInProblem(error)
    if (message === null) throw error
    const { status } = httpErrorOf(error as DenizenError)
    return mayTryAgain(form, error) ? factorForm(status, login, form, message) : decisionForm(status, login, typed, message)
  }
}

/** Asks for a passkey that the browser knows, whoever it belongs to. */
async function askForPasskey(visit: Visit, login: DeviceLogin, userCode: string): Promise<Answer> {
  type Begun = OutputOf<Signatures['passkeys']['beginSignIn']>
  const { challenge, options } = (await visit.browser.stranger.call('passkeys.beginSignIn', {})) as Begun
  return factorForm(
    200,
    login,
    { userCode, identifier: '', challenge, hasCode: false, options: JSON.stringify(options), isFirst: true },
    null,
  )
}

type Approved = OutputOf<Signatures['auth']['approveDeviceLogin']>

function contextAs({ core, browser: { origin } }: Visit, principal: Principal): Context {
  return contextOf(core, { actor: userActor(principal), credential: 'accepted', origin })
}

async function approveAs(visit: Visit, principal: Principal, input: { userCode: string; endSession?: true }): Promise<Approved> {
  return (await contextAs(visit, principal).call('auth.approveDeviceLogin', input)) as Approved
}

/** Approves with the session of this browser. No page of another site presses the button. */
async function approveInSession(visit: Visit, login: DeviceLogin, userCode: string): Promise<Answer> {
  if (visit.browser.cookies.hasSession) new Origins(visit.core).demand(visit.headers)
  const known = await recentlySignedIn(visit)
  if (known !== null) return approved((await approveAs(visit, known, { userCode })).clientName)
  const { principal } = await visit.browser.cookies.found()
  const message = principal === null ? 'You are not signed in here any more.' : 'You signed in a while ago.'
  return decisionForm(401, login, { userCode, identifier: nameOf(principal) }, `${message} Please enter your password.`)
}

/** Approves with a session that was opened only for that, and ends it whether or not that works. */
async function approve(visit: Visit, accessToken: string, userCode: string): Promise<Answer> {
  const {
    core,
    browser: { origin },
  } = visit
  const principal = await core.authenticate(accessToken)
  if (principal === null) throw new Error('a token that was just issued is not valid')
  try {
    return approved((await approveAs(visit, principal, { userCode, endSession: true })).clientName)
  } catch (error) {
    await contextAs(visit, principal)
      .call('auth.signOut', {})
      .catch((lost: unknown) => {
        core.ports.logger.warn('the session of a page could not be ended', { requestId: origin.requestId, error: lost })
      })
    throw error
  }
}

async function failure({ core, browser }: Visit, error: DenizenError, { request, requestId, search }: PageRequest): Promise<Answer> {
  const userCode = new URLSearchParams(search).get('user_code') ?? ''
  if (error.code === 'auth.deviceLoginUnknown') return codeForm(404, error.message, { userCode, identifier: '' })
  const { url = '/' } = request
  return failurePage(error, requestId, { onward: elsewhereFirst(core, error, url, await browser.cookies.known()), url })
}
