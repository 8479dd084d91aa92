interface Page {
  readonly items: readonly { readonly id: string }[]
  readonly nextCursor: string | null
}

/** A list to walk down, a hundred items at a time. */
export interface Walk {
  readonly port: number
  readonly token: string
  /** `users.list` */
  readonly action: string
  /** As of the pages that are measured: a cursor belongs to its filters and order. */
  readonly filters?: object
  /** How many items to walk past: a multiple of a hundred. */
  readonly depth: number
}

/** Walks so far down a list, and gives the cursor of where it stands. Nothing may come twice. */
export async function cursorAt(walk: Walk): Promise<string> {
  const { action, depth } = walk
  const seen = new Set<string>()
  let cursor: string | null = null
  while (seen.size < depth) {
    const page: Page = await pageAfter(walk, cursor)
    for (const { id } of page.items) seen.add(id)
    if (page.nextCursor === null) throw new Error(`${action} ends after ${seen.size} items; more than ${depth} were expected.`)
    cursor = page.nextCursor
  }
  if (seen.size !== depth || cursor === null) throw new Error(`${action} gave something twice.`)
  return cursor
}

async function pageAfter({ port, token, action, filters }: Walk, cursor: string | null): Promise<Page> {
  const input = JSON.stringify({ json: { ...filters, limit: 100, ...(cursor === null ? {} : { cursor }) } })
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(`http://127.0.0.1:${port}/trpc/${action}?input=${encodeURIComponent(input)}`, { headers })
  if (!response.ok) throw new Error(`${action} answered ${response.status}: ${await response.text()}`)
  return ((await response.json()) as { result: { data: { json: Page } } }).result.data.json
}
