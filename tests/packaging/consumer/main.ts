/** Run where only the client is installed: it loads, and tells that nobody answers. Throws when it does not. */
import { createClient, DenizenError } from '@denizen/client'

const client = createClient({ url: 'http://127.0.0.1:1', token: () => null })
const failures = await Promise.all([
  client.users.create({ email: 'ada@example.com' }).catch((error: unknown) => error),
  client.users.list({ limit: 1 }).catch((error: unknown) => error),
  client.users.create.plan({ email: 'ada@example.com' }).catch((error: unknown) => error),
])
for (const error of failures) {
  if (!(error instanceof DenizenError)) throw new Error('not a DenizenError', { cause: error })
  if (error.code !== 'client.unreachable' || error.kind !== 'unavailable') throw error
}
