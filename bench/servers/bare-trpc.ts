import { createServer } from 'node:http'
import { createRuntime } from '@denizen/runtime'
import { initTRPC } from '@trpc/server'
import superjson from 'superjson'
import { TrustedProxies } from '../../packages/api/src/addresses.ts'
import { send } from '../../packages/api/src/answer.ts'
import { requestIdOf } from '../../packages/api/src/context.ts'
import { TrpcEndpoint } from '../../packages/api/src/trpc-endpoint.ts'
import { benchConfig } from '../denizen.ts'
import { serve } from './harness.ts'

/**
 * One tRPC procedure that does nothing but give the payload, on Denizen's own
 * adapter. The core behind it is never started, and looks nothing up: requests bring no token.
 */
const payload: unknown = superjson.parse(process.env['BENCH_PAYLOAD'] ?? '{"json":null}')
const t = initTRPC.create({ transformer: superjson })
const router = t.router({ bare: t.router({ whoami: t.procedure.query(() => payload) }) })
const { core, ...runtime } = await createRuntime(benchConfig(), { working: false })
// The adapter hands calls to the core, past tRPC's chain of middlewares: this one answers with the payload, whatever is called.
const bare = { ...core, run: async () => payload }
const endpoint = new TrpcEndpoint({ core: bare, router, proxies: new TrustedProxies([]), bodyLimit: 1024 })
const prefix = '/trpc/'.length

serve(
  createServer((request, response) => {
    const { url = '' } = request
    const queryAt = url.indexOf('?')
    const requestId = requestIdOf(request, core)
    const names = url.slice(prefix, queryAt < 0 ? undefined : queryAt)
    const asked = { request, names, search: queryAt < 0 ? '' : url.slice(queryAt), requestId, signal: () => new AbortController().signal }
    void endpoint.answer(asked).then((answer) => {
      if (answer === null || answer instanceof Response) throw new Error('this is not what was asked')
      send(response, requestId, false, answer)
    })
  }),
  { stop: () => runtime.stop() },
)
