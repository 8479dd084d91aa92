import { threadedHasher } from '../../packages/runtime/src/argon2.ts'
import { send } from '../servers/harness.ts'

/** How many passwords a second the machine can check and do nothing else: the very hasher, one thread, no server. */
const password = process.env['BENCH_PASSWORD'] ?? ''
const duration = Number(process.env['BENCH_DURATION'])
const hasher = threadedHasher({ workers: 1, queueLimit: 16 })
const hash = await hasher.hash(password)
let count = 0
const startedAt = performance.now()
await Promise.all(
  Array.from({ length: 4 }, async () => {
    while (performance.now() - startedAt < duration) {
      if (!(await hasher.verify(hash, password))) throw new Error('the hasher does not know its own hash')
      count++
    }
  }),
)
const elapsed = performance.now() - startedAt
await hasher.close()
send({ rate: (count / elapsed) * 1000 })
process.disconnect()
