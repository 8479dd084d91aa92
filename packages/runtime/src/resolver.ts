import { Resolver as NodeResolver } from 'node:dns/promises'
import { dnsUnavailable, type Resolver } from '@denizen/core'

/** Milliseconds: for one attempt, and for all of them, however many name servers there are. */
const attemptTimeout = 2_000
const totalTimeout = 8_000

/** The codes for a name that does not exist or has no record of the kind. */
const notFoundCodes: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA'])

/** Asks the machine's name servers, or others. Nothing is cached, so that a new record is seen at once. */
export function dnsResolver({ servers }: { readonly servers?: readonly string[] } = {}): Resolver {
  return {
    async txt(name) {
      const resolver = new NodeResolver({ timeout: attemptTimeout, tries: 2 })
      if (servers !== undefined) resolver.setServers(servers)
      const late = setTimeout(() => resolver.cancel(), totalTimeout)
      try {
        const records = await resolver.resolveTxt(name)
        return records.map((strings) => strings.join(''))
      } catch (error) {
        if (error instanceof Error && 'code' in error && notFoundCodes.has(error.code)) return []
        throw dnsUnavailable({ name }, error)
      } finally {
        clearTimeout(late)
      }
    },
  }
}
