import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { useServer } from './testing/server.ts'

const served = useServer()
const statesOf = () => served().world.core.cacheState().caches

describe('the caches of an assembly', () => {
  test('are those of docs/architecture.md, with their bounds', async () => {
    const page = await readFile(new URL('../../../docs/architecture.md', import.meta.url), 'utf8')
    const [, section = ''] = page.split('\n## Caches\n')
    const rows = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| (`.*?) \|.*?\| ([\d ]+?)(?: each)? \|/gm)]
    const listed = rows.flatMap(([, names = '', most = '']) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name]) => [name, Number(most.replaceAll(' ', ''))] as const),
    )
    expect(listed.length).toBeGreaterThan(15)
    expect(statesOf().map(({ name, most }) => [name, most])).toEqual(expect.arrayContaining(listed.map(([...row]) => row)))
    expect(statesOf()).toHaveLength(listed.length)
  })

  test('tell what they hold, which is never more than they may', async () => {
    const before = statesOf()
    await served().get(`/trpc/access.check?input=${encodeURIComponent(JSON.stringify({ json: { permission: 'users.get' } }))}`, {
      authorization: `Bearer ${served().admin.token}`,
    })
    for (const { entries, most } of statesOf()) expect(entries).toBeLessThanOrEqual(most)
    const entriesOf = (states: typeof before, cache: string) => states.find(({ name }) => name === cache)?.entries ?? NaN
    const added = (cache: string) => entriesOf(statesOf(), cache) - entriesOf(before, cache)
    expect(added('checkInputs')).toBe(1)
    expect(entriesOf(statesOf(), 'principals')).toBeGreaterThan(0)
    expect(entriesOf(statesOf(), 'permissionSets')).toBeGreaterThan(0)
  })

  test('belong to it: another assembly on the same database has its own', () => {
    const { caches } = served().world.another({}).cacheState()
    expect(caches.find(({ name }) => name === 'rows')?.entries).toBe(0)
    expect(caches.find(({ name }) => name === 'principals')?.entries).toBe(0)
  })
})
