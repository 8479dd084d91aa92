/** Who would rather use TanStack Query installs tRPC's adapter beside the client, whichever version that wants. Checked, never run. */
import { denizenLinks, memorySession, type AppRouter } from '@denizen/client'
import { QueryClient } from '@tanstack/react-query'
import { createTRPCClient } from '@trpc/client'
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query'

const client = createTRPCClient<AppRouter>({ links: denizenLinks({ url: 'http://localhost:4000', session: memorySession() }) })
const queryClient = new QueryClient()
const denizen = createTRPCOptionsProxy<AppRouter>({ client, queryClient })

export async function first(): Promise<string | null | undefined> {
  const page = await queryClient.fetchQuery(denizen.users.list.queryOptions({ limit: 1 }))
  // @ts-expect-error -- a query is not a mutation
  denizen.users.get.mutationOptions()
  return page.items[0]?.email
}
