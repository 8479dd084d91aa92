import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()

interface Document {
  readonly userId: string
  readonly sections: readonly { readonly table: string; readonly purpose: string; readonly rows: readonly object[] }[]
  readonly omitted: readonly unknown[]
}

test('users export-data shows what there is, and writes all of it, page by page, into a new file of one’s own', async () => {
  const { world } = served()
  const { user, as } = await world.signUp({ username: 'takes-along', fullName: 'Ada Takes' })
  for (const displayName of ['A', 'B', 'C', 'D', 'E']) await as.users.updateCurrent({ displayName })
  const run = (...line: string[]) => terminal.here(['users', 'export-data', ...line], asAdmin())

  const shown = await run('takes-along')
  expect([shown.code, shown.stderr]).toEqual([0, expect.stringContaining('--output <file>')])
  expect(shown.stdout).toMatch(
    /^SECTION +ROWS +WHAT IT IS FOR\nusers +1 +The account: [^]*^audit_entries +\d+ [^]*^\d+ rows in \d+ sections\.$/m,
  )
  expect(shown.stdout).not.toContain('Ada Takes')

  const file = join(terminal.home, 'ada.json')
  const written = await run('takes-along', '--output', file, '--limit', '2')
  expect(written.stdout).toMatch(/^users +1 +The account[^]*^Written to .*ada\.json\.$/m)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const whole = JSON.parse(readFileSync(file, 'utf8')) as Document
  expect(whole.userId).toBe(user.id)
  expect(whole.sections[0]?.rows).toMatchObject([{ id: user.id, fullName: 'Ada Takes' }])
  const printed = (await run('takes-along', '--json')).json<Document>()
  const counts = ({ sections }: Document) => Object.fromEntries(sections.map(({ table, rows }) => [table, rows.length]))
  // The export is itself recorded: each call leaves an entry.
  expect({ ...counts(whole), audit_entries: 0 }).toEqual({ ...counts(printed), audit_entries: 0 })
  expect(counts(whole)['events']).toBeGreaterThan(4)
  expect(counts(whole)['audit_entries']).toBeGreaterThan(4)

  const again = await run('takes-along', '--output', file)
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('it exists already')])
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(whole)
  const nowhere = await run('takes-along', '--output', join(terminal.home, 'no-such-folder', 'ada.json'))
  expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringMatching(/ada\.json cannot be written: its folder is not there/)])
  const told = await run('takes-along', '--output', join(terminal.home, 'other.json'), '--json')
  expect(told.json()).toMatchObject({
    sections: expect.arrayContaining([{ table: 'users', rows: 1, purpose: expect.any(String) as string }]) as unknown,
  })
})
