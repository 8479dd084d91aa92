/**
 * Run where this folder has a copy of @trpc/client of its own, as happens when two packages want different ones: a
 * plain tRPC client of the one copy, with links of the other, still tells what the server says of an error.
 */
import { createServer } from 'node:http'
import { denizenLinks, memorySession, type AppRouter } from '@denizen/client'
import { createTRPCClient, TRPCClientError } from '@trpc/client'

const domain = { code: 'request.notFound', kind: 'notFound', details: { type: 'user' } }
const refusal = {
  error: { json: { message: 'There is no such user.', code: -32004, data: { code: 'NOT_FOUND', httpStatus: 404, domain } } },
}
const server = createServer((_, response) => response.writeHead(404, { 'content-type': 'application/json' }).end(JSON.stringify([refusal])))
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as { port: number }

for (const options of [{ token: null }, { session: memorySession() }]) {
  const client = createTRPCClient<AppRouter>({ links: denizenLinks({ url: `http://127.0.0.1:${port}`, ...options }) })
  const error: unknown = await client.users.get.query({ userId: 'usr_01m7xam09pemxa9zmysc0m5hap' }).catch((reason: unknown) => reason)
  if (!(error instanceof TRPCClientError)) throw new Error('not an error of this copy', { cause: error })
  if (error.data?.domain?.code !== domain.code) throw new Error(`its data is ${JSON.stringify(error.data)}`, { cause: error })
}
server.close()
