import { anonymousActor, userActor, type Core, type Origin, type Principal, type SignedIn } from '@denizen/core'
import type { TrustedProxies } from '../addresses.ts'
import type { Answer } from '../answer.ts'
import { contextOf, originOf } from '../context.ts'
import { cookiesIn, CookieSession } from '../cookies.ts'
import { Origins } from '../origins.ts'
import type { Context } from '../procedures.ts'
import { elsewhereFirst } from './elsewhere-first.ts'
import { namingOrigin } from './layout.ts'
import { answerForm, failurePage, type PageRequest, type Wording } from './respond.ts'

/** Who has a page open in a browser: somebody who is signed in there by cookie, or nobody. */
export interface Visitor {
  /** null: nobody is signed in. */
  readonly principal: Principal | null
  /** The cookies that the browser sent. */
  readonly jar: ReadonlyMap<string, string>
  /** Whether they have authenticated recently enough for sensitive changes. */
  readonly isRecent: boolean
  /** Calls actions as whoever is signed in. */
  readonly context: Context
  /** Calls actions as nobody. So whoever is signed in, and may do nothing any more, can sign in again, or as somebody else. */
  readonly stranger: Context
  /** Keeps a session in this browser, and ends the one before it. */
  open(session: SignedIn): Promise<void>
  /** Signs out in this browser, whatever comes. False: the session itself goes on, because it may do nothing from here. */
  signOut(): Promise<boolean>
}

/** How a request for a page of this kind is answered. */
export type SessionPage = (asked: PageRequest, core: Core, proxies: TrustedProxies) => Promise<Answer | null>

/** A page that knows who is signed in in the browser, and may have a form. */
interface SessionForm {
  show(visitor: Visitor, core: Core, query: URLSearchParams): Answer | Promise<Answer>
  /** Does what the form asks for. Left out where the page has none. */
  readonly act?: (visitor: Visitor, core: Core, fields: URLSearchParams) => Promise<Answer>
}

/** Whoever has a page open, found when it matters. `visit` renews a session whose access token is over. */
export interface Browser {
  readonly cookies: CookieSession
  readonly origin: Origin
  readonly stranger: Context
  visit(): Promise<{ readonly visitor: Visitor; readonly isRenewed: boolean }>
}

/** The browser that a page is opened in. */
export function browserOf(
  { request, requestId }: Pick<PageRequest, 'request' | 'requestId'>,
  core: Core,
  proxies: TrustedProxies,
): Browser {
  const origin = originOf(request, requestId, proxies)
  const cookies = new CookieSession(core, request.headers, { isCredential: true, origin })
  const stranger = contextOf(core, { actor: anonymousActor, credential: 'none', origin })
  return {
    cookies,
    origin,
    stranger,
    async visit() {
      const { principal, isRenewed } = await cookies.found()
      const context = principal === null ? stranger : contextOf(core, { actor: userActor(principal), credential: 'accepted', origin })
      return { visitor: visitorOf({ principal, context, stranger, jar: cookiesIn(request.headers) }, core, cookies), isRenewed }
    },
  }
}

/** Answers together with the cookies that have changed, also where it tells of an error: the session may have been renewed before. */
export function sessionPage({ show, act }: SessionForm, wording: Wording = {}): SessionPage {
  return async (asked, core, proxies) => {
    const browser = browserOf(asked, core, proxies)
    const form = {
      async show(query: URLSearchParams) {
        const { visitor, isRenewed } = await browser.visit()
        // The next request is the first to use it: if this answer is lost, the refresh token is still good for another.
        return isRenewed ? leadTo(addressOf(asked)) : show(visitor, core, query)
      },
      act:
        act &&
        (async (fields: URLSearchParams) => {
          // The browser sends cookies with the forms of any other site, and no site signs its visitors in or out here (CSRF).
          new Origins(core).demand(asked.request.headers)
          return act((await browser.visit()).visitor, core, fields)
        }),
    }
    const answer = await answerForm(asked, core, form, async (error, requestId) => {
      const onward = elsewhereFirst(core, error, asked.request.url ?? '/', await browser.cookies.known())
      return failurePage(error, requestId, { onward, url: asked.request.url, ...wording })
    })
    return answer && withCookies(namingOrigin(answer), browser.cookies)
  }
}

/** The answer, with the cookies that have changed. */
export function withCookies(answer: Answer, { fields }: CookieSession): Answer {
  return { ...answer, headers: [...(answer.headers ?? []), ...fields] }
}

function visitorOf(who: Pick<Visitor, 'principal' | 'context' | 'stranger' | 'jar'>, core: Core, cookies: CookieSession): Visitor {
  const { principal } = who
  const { recentAuthUntil = null } = principal ?? {}
  return {
    ...who,
    isRecent: recentAuthUntil !== null && recentAuthUntil > core.ports.clock.now(),
    async open(session) {
      await cookies.replace(session)
    },
    signOut() {
      cookies.clear()
      return principal === null ? Promise.resolve(true) : cookies.end(principal)
    },
  }
}

/** The page itself, as seen from it. */
export function addressOf({ request: { url = '/' }, search }: PageRequest): string {
  const [path = ''] = url.split('?')
  return `${path.slice(path.lastIndexOf('/') + 1) || './'}${search}`
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
