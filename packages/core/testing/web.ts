import { providerUnavailable } from '../src/identities/errors.ts'
import type { Web, WebAnswer, WebRequest } from '@denizen/core'

type Site = (request: WebRequest) => WebAnswer | Promise<WebAnswer>

/** A web as a test publishes it. */
export class TestWeb implements Web {
  /** Who answers at an origin. */
  readonly sites = new Map<string, Site>()
  /** Everything that was asked. */
  readonly asked: WebRequest[] = []

  async ask(request: WebRequest): Promise<WebAnswer> {
    this.asked.push(request)
    const { origin, host, protocol, hostname } = new URL(request.url)
    const site = protocol === 'https:' || hostname === '127.0.0.1' ? this.sites.get(origin) : undefined
    const answer = await site?.(request)
    if (answer === undefined || (answer.status >= 300 && answer.status < 400) || answer.body.length > 512 * 1024)
      throw providerUnavailable({ host, problem: 'no answer that can be used' })
    return answer
  }
}
