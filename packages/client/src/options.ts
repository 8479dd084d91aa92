import type { SessionStore } from './session.ts'

/** Of a client, and of the links of one. */
export interface ClientOptions {
  /** Where the server is: `http://localhost:4000`. */
  readonly url: string
  /** The access token, or a function that returns it, which is called before every request. Nothing refreshes it. */
  readonly token?: string | null | (() => string | null | Promise<string | null>)
  /**
   * Instead of `token`: a session that is refreshed by itself. A store holds its tokens between
   * calls; with `cookie`, in a browser, they are in cookies that no script can read, also for an
   * application on another host of the same site. Signing in starts it.
   */
  readonly session?: SessionStore | 'cookie'
  /** A `fetch` to use instead of the global one, for example with a time limit. */
  readonly fetch?: typeof globalThis.fetch
}
