import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { hashSync, verifySync } from '@node-rs/argon2'
import { cost, type HashAnswer, type HashRequest } from './argon2-cost.ts'

// On Linux a priority belongs to a thread, so only hashing yields to everything else
// (setpriority(2), "C library/kernel differences"); elsewhere it would slow the whole process.
if (process.platform === 'linux') setPriority(0, 5)

parentPort?.on('message', (request: HashRequest) => parentPort?.postMessage(answer(request)))

function answer(request: HashRequest): HashAnswer {
  try {
    if (request.kind === 'verify') return { ok: true, value: verifySync(request.hash, request.password) }
    return { ok: true, value: hashSync(request.password, cost) }
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) }
  }
}
