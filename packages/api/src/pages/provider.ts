import { DenizenError, type Core, type OutputOf, type Signatures } from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import type { Answer, Fields } from '../answer.ts'
import { keepsSessions } from '../cookies.ts'
import { httpErrorOf, methodNotAllowed } from '../errors.ts'
import { onwardFrom } from './goals.ts'
import { guestAtProvider, leaveName, leavingOf } from './guest.ts'
import { withFields } from './layout.ts'
import { factorOf } from './sign-in-form.ts'
import { noSessionsHere } from './sign-in-views.ts'
import { elsewhereFirst } from './elsewhere-first.ts'
import { answerPage, failurePage, readForm, type PageRequest } from './respond.ts'
import { browserOf, withCookies, type Browser } from './visitor.ts'
import { attemptOf, ProviderCookies, type PendingSignIn } from './provider-cookie.ts'
import { codeForm, noPasskeys, noSuchProvider, onwardFor, signInOver, refusedByProvider, titles, welcome } from './provider-views.ts'

const paths = /^\/oauth\/(start|callback)\/([a-z0-9-]{1,64})$/

/** Whether a path is one of the two pages for signing in at a provider: the start and the callback. */
export function isProviderPath(path: string): boolean {
  return paths.test(path)
}

/** Bytes. A provider may send an ID token and a name along with its code. */
const longestForm = 16 * 1024

/** What the authorization response of a provider says, of all that may come with it. */
const responseFields = ['state', 'code', 'iss', 'error'] as const

interface ProviderRequest extends PageRequest {
  readonly path: string
}

/** One request, and what it takes to answer it. */
interface Visit {
  readonly core: Core
  readonly browser: Browser
  readonly cookies: ProviderCookies
  readonly provider: string
}

type Finished = OutputOf<Signatures['auth']['finishOAuth']>
type SignedIn = Extract<Finished, { status: 'signedIn' }>

/**
 * The pages for signing in at a provider, for applications that have none of their own:
 * `/oauth/start/google?redirectTo=…` redirects to the provider, which sends people back to
 * `/oauth/callback/google`. The session is in cookies afterwards.
 *
 * A cookie ties the callback to the browser that started: a link that holds the answer to
 * somebody else's sign-in signs nobody in (login CSRF).
 */
export async function answerProvider(asked: ProviderRequest, core: Core, proxies: TrustedProxies): Promise<Answer | null> {
  const { request, path, search } = asked
  const [, step, provider = ''] = paths.exec(path) ?? []
  const visit: Visit = {
    core,
    provider,
    browser: browserOf(asked, core, proxies),
    cookies: new ProviderCookies(core.settings, request.headers),
  }
  const query = new URLSearchParams(search)
  const { method = '' } = request
  const answer = await answerPage(
    asked,
    core,
    async () => {
      if (step === 'start' && method === 'GET') return await start(visit, query)
      if (step === 'callback' && method === 'GET') return await finish(visit, query)
      if (step === 'callback' && method === 'POST') {
        const fields = await readForm(request, longestForm)
        if (fields === null) return null
        // `form_post`: a form that another site made its browser send, without our cookies. As a link it comes with them.
        if (fields.has('state')) return redirect(`${core.settings.publicUrl}${path}?${responseIn(fields).toString()}`, [])
        return await verifyFactor(visit, fields.get('attempt') ?? '', fields.get('code')?.trim() ?? '')
      }
      throw methodNotAllowed({ method, allowed: step === 'start' ? ['GET'] : ['GET', 'POST'] })
    },
    (error) => failure(visit, error, asked),
  )
  return answer && withCookies(answer, visit.browser.cookies)
}

/** What a guest said who gives up the guest account, if it is the one who is here; empty: nobody is here as a guest; null: they have to be asked first. */
async function consentOf({ browser }: Visit, given: string | null): Promise<string | null> {
  const leaving = leavingOf((await browser.cookies.found()).principal)
  if (leaving === null) return ''
  return given === leaving ? leaving : null
}

/** Asks the guest; the answer leads to this page again. */
async function askGuest({ browser, provider }: Visit, query: URLSearchParams): Promise<Answer> {
  const leaving = leavingOf((await browser.cookies.found()).principal) ?? ''
  const others = [...query].filter(([name]) => name !== leaveName)
  return guestAtProvider(`${provider}?${new URLSearchParams([...others, [leaveName, leaving]]).toString()}`)
}

async function start(visit: Visit, query: URLSearchParams): Promise<Answer> {
  const { core, browser, cookies, provider } = visit
  if (!keepsSessions(core.settings)) return noSessionsHere()
  const leave = await consentOf(visit, query.get(leaveName))
  if (leave === null) return askGuest(visit, query)
  const redirectTo = query.get('redirectTo')
  const input = { provider, ...(redirectTo !== null && { redirectTo }) }
  const begun = (await browser.stranger.call('auth.startOAuth', input)) as OutputOf<Signatures['auth']['startOAuth']>
  const attempt = attemptOf(new URL(begun.url).searchParams.get('state') ?? '')
  return redirect(begun.url, cookies.set(attempt, { challenge: begun.challenge, redirectTo: null, leave }))
}

async function finish(visit: Visit, query: URLSearchParams): Promise<Answer> {
  const { browser, cookies, provider } = visit
  const [state, code, issuer] = [query.get('state'), query.get('code'), query.get('iss')]
  if (query.has('error')) return refusedByProvider(query.get('error') === 'access_denied', await browser.cookies.known())
  if (state === null || code === null || state === '' || code === '') return signInOver()
  const attempt = attemptOf(state)
  const waiting = cookies.waiting(attempt)
  if (waiting === null) return signInOver()
  const leave = await consentOf(visit, query.get(leaveName) ?? waiting.leave)
  if (leave === null) return askGuest(visit, query)
  const input = { provider, challenge: waiting.challenge, state, code, ...(issuer !== null && { issuer }) }
  const answer = (await browser.stranger.call('auth.finishOAuth', input)) as Finished
  if (answer.status === 'signedIn') return completeSignIn(visit, attempt, answer, answer.redirectTo)
  if (!answer.methods.some((method) => method !== 'passkey')) return withFields(noPasskeys(), cookies.clear(attempt))
  return withFields(
    codeForm(200, { provider, attempt }, null),
    cookies.set(attempt, { challenge: answer.challenge, redirectTo: answer.redirectTo, leave }),
  )
}

async function verifyFactor(visit: Visit, attempt: string, code: string): Promise<Answer> {
  const { browser, cookies, provider } = visit
  const waiting = cookies.waiting(attempt)
  if (waiting === null || (await consentOf(visit, waiting.leave)) === null) return signInOver()
  if (code === '') return codeForm(400, { provider, attempt }, 'Enter the code.')
  try {
    const answer = (await browser.stranger.call('auth.completeSignIn', { challenge: waiting.challenge, ...factorOf(code) })) as SignedIn
    return await completeSignIn(visit, attempt, answer, null, waiting)
  } catch (error) {
    const again = error instanceof DenizenError && ['unauthenticated', 'limited', 'invalid'].includes(error.kind)
    if (!again || error.code === 'auth.challengeOver') throw error
    return codeForm(
      httpErrorOf(error).status,
      { provider, attempt },
      error.kind === 'invalid' ? 'That is not a valid code.' : error.message,
    )
  }
}

/** Browsers block a form whose answer redirects to another site (Content-Security-Policy: form-action); after a form, a link is shown instead. */
async function completeSignIn(
  { core, browser, cookies, provider }: Visit,
  attempt: string,
  answer: SignedIn,
  redirectTo: string | null,
  after?: PendingSignIn,
): Promise<Answer> {
  await browser.cookies.replace(answer)
  const fields = cookies.clear(attempt)
  if (redirectTo !== null) return redirect(redirectTo, fields)
  const further = after?.redirectTo ?? null
  // An application tells its users itself what they still have to do; whoever came for these pages goes there.
  if (further === null && answer.pendingSteps.length > 0) return redirect(`../../${onwardFrom(answer.pendingSteps, '')}`, fields)
  const isWithoutEmail = (await core.authenticate(answer.accessToken))?.email === null
  return withFields(welcome({ username: answer.user.username, provider, isWithoutEmail, redirectTo: further }), fields)
}

function responseIn(fields: URLSearchParams): URLSearchParams {
  const told = responseFields.flatMap((name) => fields.getAll(name).map((value): [string, string] => [name, value]))
  return new URLSearchParams(told)
}

function redirect(location: string, fields: Fields): Answer {
  return {
    status: 303,
    contentType: 'text/plain',
    body: '',
    headers: [['location', location], ['referrer-policy', 'no-referrer'], ...fields],
  }
}

async function failure({ core, browser, provider }: Visit, error: DenizenError, { request, requestId }: ProviderRequest): Promise<Answer> {
  if (error.code === 'identities.unknownProvider') return noSuchProvider()
  const elsewhere = elsewhereFirst(core, error, request.url ?? '/', await browser.cookies.known())
  return failurePage(error, requestId, { titles, onward: elsewhere.length > 0 ? elsewhere : onwardFor(error, provider) })
}
