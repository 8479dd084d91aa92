import { anonymousActor, userActor, type Core, type Principal, type SignedIn } from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import type { Answer } from '../answer.ts'
import { contextOf, originOf } from '../context.ts'
import { CookieSession } from '../cookies.ts'
import { Origins } from '../origins.ts'
import type { Context } from '../procedures.ts'
import { answerForm, failurePage, type PageRequest, type Wording } from './respond.ts'

/** Who has a page open in a browser: somebody who is signed in there by cookie, or nobody. */
export interface Visitor {
  /** null: nobody is signed in. */
  readonly principal: Principal | null
  /** Whether they have authenticated recently enough for sensitive changes. */
  readonly isRecent: boolean
  /** Calls actions as whoever is signed in. */
  readonly context: Context
  /** Keeps a session in this browser, and ends the one before it. */
  open(session: SignedIn): Promise<void>
  /** Ends the session of this browser. */
  signOut(): Promise<void>
}

/** How a request for a page of this kind is answered. */
export type SessionPage = (asked: PageRequest, core: Core, proxies: TrustedProxies) => Promise<Answer | null>

/** A page that knows who is signed in in the browser, and may have a form. */
interface SessionForm {
  show(visitor: Visitor, core: Core, query: URLSearchParams): Answer | Promise<Answer>
  /** Does what the form asks for. Left out where the page has none. */
  readonly act?: (visitor: Visitor, core: Core, fields: URLSearchParams) => Promise<Answer>
}

/** Answers together with the cookies that have changed, also where it tells of an error: the session may have been renewed before. */
export function sessionPage({ show, act }: SessionForm, wording: Wording = {}): SessionPage {
  return async (asked, core, proxies) => {
    const cookies = new CookieSession(core, asked.request.headers, { isCredential: true })
    const visitor = () => visitorOf(asked, core, proxies, cookies)
    const form = {
      show: async (query: URLSearchParams) => show(await visitor(), core, query),
      act: act && (async (fields: URLSearchParams) => act(await visitor(), core, fields)),
    }
    const answer = await answerForm(asked, core, form, (error, requestId) => failurePage(error, requestId, wording))
    return answer && { ...answer, headers: [...(answer.headers ?? []), ...cookies.fields] }
  }
}

/**
 * Looks who sent the request for a page. An access token that is over is exchanged, so that people stay signed in as long as their session
 * lasts. A form has to come from a page of this installation: the browser sends cookies with those of any other site, and no site signs its
 * visitors in or out here (CSRF).
 */
async function visitorOf(
  { request, requestId }: PageRequest,
  core: Core,
  proxies: TrustedProxies,
  cookies: CookieSession,
): Promise<Visitor> {
  if (request.method !== 'GET' && request.method !== 'HEAD') new Origins(core).demand(request.headers)
  const origin = originOf(request, requestId, proxies)
  const anonymous = contextOf(core, { actor: anonymousActor, credential: 'none', origin })
  const principal = await principalOf(core, cookies, anonymous)
  const context = principal === null ? anonymous : contextOf(core, { actor: userActor(principal), credential: 'accepted', origin })
  const end = async () => {
    if (principal !== null) await context.call('auth.signOut', {})
  }
  const { recentAuthUntil = null } = principal ?? {}
  return {
    principal,
    context,
    isRecent: recentAuthUntil !== null && recentAuthUntil > core.ports.clock.now(),
    async open(session) {
      await end()
      cookies.setTokens(session)
    },
    async signOut() {
      await end()
      cookies.clear()
    },
  }
}

async function principalOf(core: Core, cookies: CookieSession, { call }: Context): Promise<Principal | null> {
  const valid = cookies.access === null ? null : await core.authenticate(cookies.access)
  if (valid !== null) return valid
  const renewed = await cookies.renew(call)
  return renewed === null ? null : core.authenticate(renewed)
}

/** Leads on after a form. Relative to the page, so that a path prefix of the public URL is kept. */
export function leadTo(location: string): Answer {
  return {
    status: 303,
    contentType: 'text/plain',
    body: '',
    headers: [
      ['location', location],
      ['referrer-policy', 'no-referrer'],
    ],
  }
}
