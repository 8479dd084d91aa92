/** What a browser does between pages: it keeps cookies by host, and follows redirects. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>()
  /** Every address that it was at. */
  readonly visited: string[] = []

  /** The cookies that a host gets to see. */
  cookiesFor(url: string): ReadonlyMap<string, string> {
    return this.#jar(url)
  }

  /** Goes to an address, and on to where that leads; `until` is where it stops, before asking. */
  async go(
    url: string,
    { until, ...init }: RequestInit & { until?: (url: string) => boolean } = {},
  ): Promise<{ url: string; status: number; text: string }> {
    let [at, request]: [string, RequestInit] = [url, init]
    for (let hops = 0; hops < 20; hops++) {
      if (until?.(at) === true) return { url: at, status: 0, text: '' }
      const response = await this.#ask(at, request)
      const location = response.headers.get('location')
      if (location === null) return { url: at, status: response.status, text: await response.text() }
      await response.arrayBuffer()
      at = new URL(location, at).href
      request = {}
    }
    throw new Error(`redirects without end: ${this.visited.join(' → ')}`)
  }

  async #ask(url: string, init: RequestInit): Promise<Response> {
    this.visited.push(url)
    const jar = this.#jar(url)
    const headers = new Headers(init.headers)
    if (jar.size > 0) headers.set('cookie', [...jar].map(([name, value]) => `${name}=${value}`).join('; '))
    const response = await fetch(url, { ...init, headers, redirect: 'manual' })
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';')
      const name = pair.slice(0, pair.indexOf('='))
      if (/;\s*max-age=0\b/i.test(cookie) || /expires=Thu, 01 Jan 1970/i.test(cookie)) jar.delete(name)
      else jar.set(name, pair.slice(name.length + 1))
    }
    return response
  }

  #jar(url: string): Map<string, string> {
    const { host } = new URL(url)
    const jar = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, jar)
    return jar
  }
}
