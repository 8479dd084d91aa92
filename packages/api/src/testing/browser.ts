import { password, totpCode } from '@denizen/core/testing'
import { ask, type Reply, type Served } from './server.ts'

/** The cookies of a browser, as it sends them. */
type Jar = Readonly<{ cookie: string }>

/** A form of our own pages. */
export const own = { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://localhost:4000', 'sec-fetch-site': 'same-origin' }

/** What the browser has after an answer. */
function after({ headers }: Reply, { cookie }: Jar): Jar {
  const jar = new Map(cookie.split('; ').flatMap((pair) => (pair === '' ? [] : [pair.split('=') as [string, string]])))
  for (const line of headers.getSetCookie()) {
    const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
    if (value === '') jar.delete(name)
    else jar.set(name, value)
  }
  return { cookie: [...jar].map((pair) => pair.join('=')).join('; ') }
}

/** A browser without scripts: it keeps cookies, and goes where an answer leads. */
export class Browser {
  jar: Jar = { cookie: '' }
  /** Every address that it was led to. */
  readonly visited: string[] = []
  readonly #served: () => Served

  constructor(served: () => Served) {
    this.#served = served
  }

  async open(path: string): Promise<Reply> {
    return this.#follow(await ask(this.#served().server, path, { redirect: 'manual', headers: this.jar }))
  }

  async send(path: string, fields: Record<string, string>, headers: Record<string, string> = own): Promise<Reply> {
    const body = new URLSearchParams(fields).toString()
    return this.#follow(
      await ask(this.#served().server, path, { method: 'POST', redirect: 'manual', headers: { ...headers, ...this.jar }, body }),
    )
  }

  async #follow(reply: Reply): Promise<Reply> {
    this.jar = after(reply, this.jar)
    const location = reply.headers.get('location')
    if (location === null) return reply
    const { pathname, search } = new URL(location, 'http://localhost/')
    this.visited.push(pathname + search)
    return this.open(pathname + search)
  }

  /** Another one with the same cookies. */
  copy(): Browser {
    const other = new Browser(this.#served)
    other.jar = this.jar
    return other
  }

  /** The last address that it was led to. */
  get place(): string {
    return this.visited.at(-1) ?? ''
  }

  signIn(identifier: string, next = ''): Promise<Reply> {
    return this.send('/sign-in', { identifier, password, next })
  }
}

/** Somebody new who has signed in on the pages. */
export async function signedIn(served: () => Served) {
  const { user } = await served().world.signUp()
  const browser = new Browser(served)
  const landed = await browser.signIn(user.username)
  return { user, browser, landed }
}

/** The key of an authenticator app that a page shows. */
export const keyIn = ({ text }: Reply) => [...text.matchAll(/<span>([A-Z2-7]{1,4})<\/span>/g)].map(([, group]) => group).join('')
/** The recovery codes that a page shows. */
export const codesIn = ({ text }: Reply) => [...text.matchAll(/<li><code>([\w-]+)<\/code>/g)].map(([, code]) => code ?? '')
export const headingIn = ({ text }: Reply) => /<h1>([^<]*)<\/h1>/.exec(text)?.[1]
/** Which key a form was shown with. */
export const shownIn = ({ text }: Reply) => /name="shown" value="(\d+)"/.exec(text)?.[1] ?? ''
/** Begins to set up an app; the answer shows its key. */
export const setUp = (browser: Browser, fields: Record<string, string> = {}) => browser.send('/second-factors', { do: 'set-up', ...fields })

/** Sets an app up, to the end. The clock moves on to a code that was not used. */
export async function finish(browser: Browser, served: () => Served) {
  const page = await setUp(browser)
  const key = keyIn(page)
  const codes = codesIn(await browser.send('/authenticator', { code: totpCode(served().world, key) }))
  await browser.send('/recovery-codes', {})
  served().world.clock.advance(60_000)
  return { key, codes }
}
