/** A request to another server. */
export interface WebRequest {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** The response, whatever its status. */
export interface WebAnswer {
  readonly status: number
  readonly body: string
}

/** HTTP requests to identity providers. Only `prepare` uses it: an answer may take seconds. */
export interface Web {
  /**
   * Sends a request over TLS, or to this machine, without following redirects. Rejects with `identities.providerUnavailable` on a
   * timeout, a redirect, or a response that is too large.
   */
  ask(request: WebRequest): Promise<WebAnswer>
}
