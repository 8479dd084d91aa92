import { createServer } from '@denizen/api'
import { createRuntime } from '@denizen/runtime'
import { benchConfig } from '../denizen.ts'
import { report } from './harness.ts'

/** Denizen as `denizen serve` puts it together: runtime, core and HTTP, all with their defaults, metrics included. */
const config = benchConfig()
const runtime = await createRuntime(config)
const { core, metrics, logger } = runtime
const server = createServer({
  core,
  port: config.port,
  trustedProxies: config.trustedProxies,
  bodyLimit: config.bodyLimit,
  metrics: async () => ({ contentType: metrics.contentType, body: await metrics.expose() }),
  logger,
})
await runtime.start()
await server.listen()

report(
  Number(new URL(server.url).port),
  {
    details: () => {
      const { entries, hits, misses } = core.cacheState()
      const m = process.memoryUsage(); return { entries, hits, misses, heapUsed: m.heapUsed / 1e6, heapTotal: m.heapTotal / 1e6, external: m.external / 1e6, ab: m.arrayBuffers / 1e6 }
    },
    stop: () => runtime.stop(),
  },
  () => server.close(),
)
