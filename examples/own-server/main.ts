/**
 * A program of one's own that serves Denizen, as `denizen serve` does:
 *
 *   npm start --workspace examples/own-server
 *
 * It is configured by the same environment, and ends at SIGTERM or Ctrl+C.
 */
import { once } from 'node:events'
import { createServer } from '@denizen/api'
import { createRuntime, readConfig } from '@denizen/runtime'

const runtime = await createRuntime(readConfig(process.env))
await runtime.start()

const { core, config } = runtime
const server = createServer({ core, host: config.host, port: config.port, trustedProxies: config.trustedProxies })
await server.listen()
console.log(`serving on ${server.url}`)

await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')])
await server.close()
await runtime.stop()
