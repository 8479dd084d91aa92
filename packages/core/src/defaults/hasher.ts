import { argon2id, argon2Verify } from 'hash-wasm'
import type { Hasher } from '../ports/hasher.ts'
import { isEncoded, mostArgon2, passwordQueue, verifyImported, workOf } from '../passwords/index.ts'

/** The cost of one hash. Memory in KiB. */
export interface Argon2Cost {
  readonly memory: number
  readonly iterations: number
}

/** OWASP's second recommendation for argon2id, as in `@denizen/runtime`. */
const standardCost: Argon2Cost = { memory: 19_456, iterations: 2 }

/** argon2id (RFC 9106) in WebAssembly, one at a time: portable and slower. */
export function argon2Hasher(cost: Argon2Cost = standardCost): Hasher {
  const queued = passwordQueue()
  const parameters = {
    parallelism: 1,
    memorySize: cost.memory,
    iterations: cost.iterations,
    hashLength: 32,
    outputType: 'encoded' as const,
  }
  return {
    hash: (password) => queued(() => argon2id({ ...parameters, password, salt: crypto.getRandomValues(new Uint8Array(16)) })),
    async verify(hash, password) {
      if (isBounded(hash)) return queued(() => argon2Verify({ hash, password }))
      return workOf(hash) !== null && queued(() => verifyImported(hash, password))
    },
    isOutdated: (hash) => !hash.startsWith(`$argon2id$v=19$m=${cost.memory},t=${cost.iterations},p=1$`),
  }
}

/** Whether verifying a hash costs no more than any imported one may; otherwise hashes could overload the server. */
function isBounded(hash: string): boolean {
  const [, memory, passes, lanes] =
    /^\$argon2(?:id|i|d)\$v=19\$m=(\d{1,7}),t=(\d{1,2}),p=(\d{1,2})\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/.exec(hash) ?? []
  const most = mostArgon2
  const fits = Number(memory) <= most.memory && Number(passes) <= most.passes && Number(lanes) <= most.lanes
  return fits && isEncoded(hash) && Number(passes) >= 1 && Number(lanes) >= 1 && Number(memory) * Number(passes) <= most.memoryTimesPasses
}
