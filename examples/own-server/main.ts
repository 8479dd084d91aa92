/**
 * A program of one's own that serves Denizen:
 *
 *   DENIZEN_DATA_DIR=$PWD/denizen-data npm start --workspace examples/own-server
 *
 * It is configured by the same environment as `denizen serve`, and ends at SIGTERM or Ctrl+C. npm starts it in its own folder, so that is where
 * its data is without DENIZEN_DATA_DIR. It makes no superadmin: on a new database, let `denizen serve` begin, which makes one.
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
