import { Resolver as NodeResolver } from 'node:dns/promises'
import { dnsUnavailable, type Resolver } from '@denizen/core'

/** Milliseconds: what one try may take, and all of them together, over however many name servers. */
const tryTimeout = 2_000
const patience = 8_000

/** What a name server answers when a name does not exist, or has no record of the kind. */
const nothingThere: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA'])

/** Asks the machine's name servers, or others. Nothing is kept: what was published a moment ago is meant to be seen. */
export function dnsResolver({ servers }: { readonly servers?: readonly string[] } = {}): Resolver {
  return {
    async txt(name) {
      const resolver = new NodeResolver({ timeout: tryTimeout, tries: 2 })
      if (servers !== undefined) resolver.setServers(servers)
      const late = setTimeout(() => resolver.cancel(), patience)
      try {
        const records = await resolver.resolveTxt(name)
        return records.map((strings) => strings.join(''))
      } catch (error) {
        if (error instanceof Error && 'code' in error && nothingThere.has(error.code)) return []
        throw dnsUnavailable({ name }, error)
      } finally {
        clearTimeout(late)
      }
    },
  }
}
