/** A request to another server. */
export interface WebRequest {
  readonly url: string
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** What it answered, whatever the status. */
export interface WebAnswer {
  readonly status: number
  readonly body: string
}

/** Asks identity providers over HTTP. Only `prepare` asks: an answer may take seconds. */
export interface Web {
  /**
   * Sends a request: over TLS, or to this very machine, and follows no redirect.
   * Rejects with `identities.providerUnavailable` when nobody answers in time, the
   * answer is a redirect, or it is larger than any provider's has to be.
   */
  ask(request: WebRequest): Promise<WebAnswer>
}
