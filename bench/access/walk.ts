import { idAt } from './layout.ts'
import { permission } from './work.ts'

interface Page {
  readonly items: readonly { readonly id: string }[]
  readonly nextCursor: string | null
}

/** Walks so far through what somebody may read in the large organization, and gives the cursor of where it stands. Nothing may come twice. */
export async function cursorAt(port: number, token: string, depth: number): Promise<string> {
  const seen = new Set<string>()
  let cursor: string | null = null
  while (seen.size < depth) {
    const page: Page = await pageAfter(port, token, cursor)
    for (const { id } of page.items) seen.add(id)
    if (page.nextCursor === null) throw new Error(`The list ends after ${seen.size} resources; at least ${depth} were expected.`)
    cursor = page.nextCursor
  }
  if (seen.size !== depth || cursor === null) throw new Error('The walk met something twice.')
  return cursor
}

async function pageAfter(port: number, token: string, cursor: string | null): Promise<Page> {
  const input = { permission, organizationId: idAt('org', 0), limit: 100, ...(cursor === null ? {} : { cursor }) }
  const response = await fetch(
    `http://127.0.0.1:${port}/trpc/access.listResources?input=${encodeURIComponent(JSON.stringify({ json: input }))}`,
    { headers: { authorization: `Bearer ${token}` } },
  )
  if (!response.ok) throw new Error(`access.listResources answered ${response.status}: ${await response.text()}`)
  return ((await response.json()) as { result: { data: { json: Page } } }).result.data.json
}
