import { z } from 'zod'
import { canonicalNetwork } from './network.ts'

/** An address or a block of them, in its canonical form: 192.0.2.0/24, 2001:db8::/32. */
const network = z
  .string()
  .max(64)
  .transform((text, check) => {
    const canonical = canonicalNetwork(text)
    if (canonical === null)
      check.addIssue({ code: 'custom', message: 'must be an address or a CIDR block, for example 192.0.2.0/24', input: text })
    return canonical ?? text
  })
export const allowedIps = z
  .array(network)
  .max(100)
  .transform((networks) => [...new Set(networks)].sort())
  .meta({ description: 'addresses or CIDR blocks that the user may act from; none: from anywhere' })
