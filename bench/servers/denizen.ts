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
      const { entries = 0, hits = 0, misses = 0 } = core.cacheState().caches.find(({ name }) => name === 'principals') ?? {}
      return { entries, hits, misses }
    },
    stop: () => runtime.stop(),
  },
  () => server.close(),
)
