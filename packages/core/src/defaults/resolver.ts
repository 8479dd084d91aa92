import { dnsNotConfigured } from '../organizations/errors.ts'
import type { Resolver } from '../ports/resolver.ts'

/** For a core that nobody gave a resolver: no Web API asks DNS, and to ask a stranger over HTTPS is nothing to do unasked. */
export const noResolver: Resolver = { txt: () => Promise.reject(dnsNotConfigured({})) }
