import { dnsNotConfigured } from '../organizations/errors.ts'
import type { Resolver } from '../ports/resolver.ts'

/** For core without a resolver: Web APIs have no DNS, and asking a third party over HTTPS should not be a default. */
export const noResolver: Resolver = { txt: () => Promise.reject(dnsNotConfigured({})) }
