/** Who would rather use tRPC itself has its types from the client as well. Checked, never run. */
import { denizenLinks, type AppRouter } from '@denizen/client'
import { createTRPCClient } from '@trpc/client'

export async function plainTrpc(): Promise<string | null> {
  const client = createTRPCClient<AppRouter>({ links: denizenLinks({ url: 'http://127.0.0.1:4000' }) })
  const user = await client.users.create.mutate({ email: 'ada@example.com' })
  // @ts-expect-error -- an address is text
  await client.users.create.mutate({ email: 42 })
  // @ts-expect-error -- a query is not a mutation
  await client.users.get.mutate({ userId: 'usr_1' })
  const page = await client.users.list.query({ limit: 1 })
  const email: string | null | undefined = page.items[0]?.email
  // @ts-expect-error -- null, when there is none
  const text: string = page.items[0]?.email
  return user?.email ?? email ?? text
}
