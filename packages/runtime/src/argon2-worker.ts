import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { hashSync, verifySync } from '@node-rs/argon2'
import { nativeDerivations } from './derivations.ts'
import { cost, type HashAnswer, type HashRequest } from './argon2-cost.ts'

// On Linux a priority belongs to a thread, so only hashing yields to everything else
// (setpriority(2), "C library/kernel differences"); elsewhere it would slow the whole process.
if (process.platform === 'linux') setPriority(0, 5)

parentPort?.on('message', (request: HashRequest) => void answer(request).then((given) => parentPort?.postMessage(given)))

async function answer(request: HashRequest): Promise<HashAnswer> {
  try {
    if (request.kind === 'hash') return { ok: true, value: hashSync(request.password, cost) }
    if (request.kind === 'verify') return { ok: true, value: verifySync(request.hash, request.password) }
    // Only installations that import need it.
    const { verifyImported } = await import('@denizen/core/hashes')
    return { ok: true, value: await verifyImported(request.hash, request.password, nativeDerivations) }
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) }
  }
}
