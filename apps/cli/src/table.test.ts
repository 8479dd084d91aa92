import { stripVTControlCharacters } from 'node:util'
import type { User } from '@denizen/core/contract'
import { describe, expect, it } from 'vitest'
import { userColumns } from './commands/users-text.ts'
import { localTime } from './output.ts'
import { table } from './table.ts'
import { onTerminal } from './testing/on-terminal.ts'

interface Row {
  readonly name: string
  readonly at: Date | null
  readonly tags?: readonly string[]
}

const columns = [
  { title: 'NAME', value: ({ name }: Row) => name },
  { title: 'AT', value: ({ at }: Row) => at },
  { title: 'TAGS', value: ({ tags }: Row) => tags },
]

describe('a table', () => {
  it('stands in columns under its titles, by what is seen and not by code units', () => {
    const at = new Date()
    const rows = [
      { name: 'Zoë', at, tags: ['a', 'b'] }, // e and a combining mark
      { name: '王小明', at: null, tags: [] },
      { name: 'ada', at: null },
    ]
    expect(table(rows, columns)).toBe(
      [
        `NAME    AT${' '.repeat(localTime(at).length)}TAGS`,
        `Zoë     ${localTime(at)}  a, b`,
        `王小明  -${' '.repeat(localTime(at).length + 1)}-`,
        `ada     -${' '.repeat(localTime(at).length + 1)}-`,
      ].join('\n'),
    )
  })

  it('is made narrower on a narrow terminal, from its widest columns, and never without one', () => {
    const rows = [{ name: 'x'.repeat(60), at: null, tags: ['short'] }]
    const lines = stripVTControlCharacters(onTerminal(40, () => table(rows, columns))).split('\n')
    expect(lines.every((line) => line.length <= 40)).toBe(true)
    expect(lines[1]).toMatch(/^x+… {2}- +short$/)
    for (const wide of [onTerminal(0, () => table(rows, columns)), table(rows, columns)]) expect(wide).toContain('x'.repeat(60))
  })

  it('leaves whole what is there to be copied, however narrow the terminal', () => {
    const value = 'v'.repeat(60)
    const rows = [{ note: 'n'.repeat(60), value }]
    const shown = onTerminal(40, () =>
      table(rows, [
        { title: 'NOTE', value: ({ note }) => note },
        { title: 'VALUE', whole: true, value: (row) => row.value },
      ]),
    )
    expect(stripVTControlCharacters(shown).split('\n')[1]).toBe(`${'n'.repeat(11)}…  ${value}`)
  })

  it('tells which columns there is no room for, and what shows them', () => {
    const rows = [{ where: 'w'.repeat(30), address: 'a'.repeat(30), more: 'm'.repeat(30) }]
    const columns = (['where', 'address', 'more'] as const).map((name) => ({
      title: name.toUpperCase(),
      value: (row: (typeof rows)[number]) => row[name],
    }))
    const told = (elsewhere?: string) => stripVTControlCharacters(onTerminal(30, () => table(rows, columns, elsewhere))).split('\n')[2]
    expect(told()).toBe('No room for MORE: a wider terminal or --json shows them.')
    expect(told('a wider terminal, --columns or --json')).toContain('MORE: a wider terminal, --columns or --json')
  })

  it('Found by a stranger: gives up the id before it shortens anything else', () => {
    const rows = [{ key: 'inbox', owner: 'the organization', id: `res_${'0'.repeat(26)}` }]
    const columns = (['key', 'owner', 'id'] as const).map((name) => ({
      title: name.toUpperCase(),
      whole: name !== 'owner',
      value: (row: (typeof rows)[number]) => row[name],
    }))
    const lines = (width: number) => stripVTControlCharacters(onTerminal(width, () => table(rows, columns))).split('\n')
    expect(lines(52)).toEqual(['KEY    OWNER', 'inbox  the organization', expect.stringContaining('No room for ID')])
    expect(lines(55)[1]).toBe(`inbox  the organization  res_${'0'.repeat(26)}`)
  })

  it('drops nothing for an id that alone names a row: that has a line of its own', () => {
    const rows = [{ where: 'w'.repeat(30), address: 'a'.repeat(30), id: `ses_${'0'.repeat(26)}` }]
    const columns = [
      { title: 'WHERE', value: ({ where }: (typeof rows)[number]) => where },
      { title: 'ADDRESS', value: ({ address }: (typeof rows)[number]) => address },
      { title: 'ID', whole: true, kept: true, value: ({ id }: (typeof rows)[number]) => id },
    ]
    const lines = (width: number) => stripVTControlCharacters(onTerminal(width, () => table(rows, columns))).split('\n')
    expect(lines(50)).toEqual([
      expect.stringMatching(/^WHERE +ADDRESS$/),
      '  ID',
      expect.stringMatching(/^w+… {2}a+…$/),
      `  ses_${'0'.repeat(26)}`,
    ])
    expect(lines(100)[1]).toMatch(/^w+ {2}a+ {2}ses_0+$/)
  })

  it('drops what no row has before what some have', () => {
    const rows = [{ who: 'w'.repeat(30), none: null, state: 'current' }]
    const columns = (['who', 'none', 'state'] as const).map((name) => ({
      title: name.toUpperCase(),
      value: (row: (typeof rows)[number]) => row[name],
    }))
    const [titles, , told] = stripVTControlCharacters(onTerminal(23, () => table(rows, columns))).split('\n')
    expect([titles, told]).toEqual([expect.stringMatching(/^WHO +STATE$/), expect.stringContaining('NONE')])
  })

  it('O12: of users fits 80 columns: without ids, with times as people say them', () => {
    const at = new Date(Date.now() - 3 * 86_400_000)
    const user = { username: 'ada.lovelace', email: 'ada.lovelace@analytical.example.org', displayName: null, fullName: 'Ada Lovelace' }
    const rows = [{ ...user, status: 'active', kind: 'human', createdAt: at, id: `usr_${'0'.repeat(26)}` }] as unknown as User[]
    const lines = stripVTControlCharacters(onTerminal(80, () => table(rows, userColumns))).split('\n')
    expect(lines.every((line) => line.length <= 80)).toBe(true)
    expect(lines[1]).toMatch(/^ada\.lovelace {2}.*3 days ago$/)
    const said = (seconds: number) =>
      onTerminal(80, () => table([{ in: new Date(Date.now() + seconds * 1000) }], [{ title: 'AT', value: (row) => row.in }]))
    expect(said(7 * 86_400 - 5)).toContain('in 7 days')
    expect(said(36 * 60 + 5)).toContain('in 36 min.')
    expect(said(3600 - 5)).toContain('in 1 hr.')
    expect(lines.join('\n')).not.toMatch(/usr_|\d{4}-/)
    const long = [{ ...rows[0], username: 'u'.repeat(64) }] as unknown as User[]
    expect(onTerminal(80, () => table(long, userColumns))).toContain('u'.repeat(64))
    expect(onTerminal(200, () => table(rows, userColumns))).toContain('usr_')
  })

  it('O12: stands in columns also where emoji are joined, and cuts none in two', () => {
    const family = '👨‍👩‍👧‍👦'
    const rows = [
      { name: family, at: null },
      { name: 'ada', at: null },
    ]
    expect(table(rows, columns).split('\n').slice(1)).toEqual([`${family}    -   -`, 'ada   -   -'])
    const cut = onTerminal(30, () => table([{ name: family.repeat(20), at: null }], columns))
    expect(stripVTControlCharacters(cut).split('\n')[1]).toMatch(/^(👨‍👩‍👧‍👦)+… /u)
  })

  it('Found by a stranger: a long name has a line of its own instead of taking the room of all columns', () => {
    const at = new Date(Date.now() - 3 * 86_400_000)
    const user = { email: 'ada@example.org', displayName: null, fullName: 'Ada Lovelace', status: 'active', kind: 'human', createdAt: at }
    const rows = ['u'.repeat(64), 'ada'].map((username) => ({ ...user, username, id: `usr_${'0'.repeat(26)}` })) as unknown as User[]
    const lines = (columns: number) => stripVTControlCharacters(onTerminal(columns, () => table(rows, userColumns))).split('\n')
    expect(lines(80)).toEqual([
      'USERNAME  EMAIL            NAME          STATUS  KIND   CREATED',
      'u'.repeat(64),
      '          ada@example.org  Ada Lovelace  active  human  3 days ago',
      'ada       ada@example.org  Ada Lovelace  active  human  3 days ago',
      expect.stringContaining('No room for ID'),
    ])
    expect(lines(150)[1]).toMatch(/^u{64} {2}ada@example\.org .* 3 days ago$/)
  })

  it('keeps a row on its line', () => {
    expect(table([{ name: 'one\ntwo', at: null }], columns).split('\n')).toHaveLength(2)
  })
})
