interface Page {
  readonly items: readonly { readonly id: string }[]
  readonly nextCursor: string | null
}

/** Walks so many users down the list, a hundred at a time, and gives the cursor of where it stands. Nobody may come twice. */
export async function cursorAt(port: number, token: string, depth: number): Promise<string> {
  const seen = new Set<string>()
  let cursor: string | null = null
  while (seen.size < depth) {
    const page: Page = await pageAfter(port, token, cursor)
    for (const { id } of page.items) seen.add(id)
    if (page.nextCursor === null) throw new Error(`The list ends after ${seen.size} users; at least ${depth} were expected.`)
    cursor = page.nextCursor
  }
  if (seen.size % 100 !== 0) throw new Error('The walk met a user twice.')
  if (cursor === null) throw new Error('There is nothing to walk through.')
  return cursor
}

async function pageAfter(port: number, token: string, cursor: string | null): Promise<Page> {
  // As the pages that are measured, for a cursor belongs to its filters and order.
  const input = { limit: 100, ...(cursor === null ? {} : { cursor }) }
  const response = await fetch(`http://127.0.0.1:${port}/trpc/users.list?input=${encodeURIComponent(JSON.stringify({ json: input }))}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  if (!response.ok) throw new Error(`users.list answered ${response.status}: ${await response.text()}`)
  return ((await response.json()) as { result: { data: { json: Page } } }).result.data.json
}
