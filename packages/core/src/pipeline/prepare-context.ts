import type { PrepareContext } from '../kernel/context.ts'
import { forkOf, type Assembly, type Call } from './assembly.ts'

/** What `prepare` of a command has: it reads, outside of transactions. */
export function prepareContext({
  assembly,
  call: { actor, origin },
}: {
  readonly assembly: Assembly
  readonly call: Call
}): PrepareContext {
  const { ports, settings, credentials, catalogue } = assembly
  return { now: ports.clock.now(), actor, origin, ports, settings, credentials, catalogue, reader: forkOf(assembly) }
}
