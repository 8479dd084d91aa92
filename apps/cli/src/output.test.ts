import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import type { User } from '@denizen/core/contract'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { userColumns } from './commands/users-text.ts'
import { json, labelled, localTime, note, printAnswer, record, table } from './output.ts'
import { runHere } from './testing/terminal.ts'

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

afterEach(() => void vi.restoreAllMocks())

function printed(work: () => void): string {
  let text = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk)
    return true
  })
  work()
  return text
}

/** Runs as on a terminal so many columns wide. */
function onTerminal<T>(width: number, work: () => T): T {
  const before = { isTTY: process.stdout.isTTY, columns: process.stdout.columns }
  Object.assign(process.stdout, { isTTY: true, columns: width })
  try {
    return work()
  } finally {
    Object.assign(process.stdout, before)
  }
}

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

  it('keeps a row on its line', () => {
    expect(table([{ name: 'one\ntwo', at: null }], columns).split('\n')).toHaveLength(2)
  })
})

describe('a time', () => {
  it.each([
    ['UTC', '2026-01-31 12:00 UTC'],
    ['Europe/Berlin', '2026-01-31 13:00 +01:00'],
    ['America/St_Johns', '2026-01-31 08:30 -03:30'],
  ])('says its zone: %s', (zone, text) => {
    vi.stubEnv('TZ', zone)
    try {
      expect(localTime(new Date('2026-01-31T12:00:00Z'))).toBe(text)
    } finally {
      vi.unstubAllEnvs()
    }
  })
})

describe('a record', () => {
  it('O12: breaks long values at spaces to fit the terminal, under each other, and cuts nothing', () => {
    const many = Array.from({ length: 150 }, (_, index) => `users.action-${index}`)
    const lines = stripVTControlCharacters(onTerminal(80, () => record([['permissions', many]]))).split('\n')
    expect(lines.every((line) => line.length <= 80)).toBe(true)
    expect(lines[1]).toMatch(/^ {13}users/)
    expect(lines.map((line) => line.slice(13)).join(' ')).toBe(many.join(', '))
    expect(record([['permissions', many]])).not.toContain('\n')
  })

  it('leaves out what is null and keeps what is empty or zero', () => {
    const text = record([
      ['a', null],
      ['bee', 0],
      ['sea', ''],
      ['dee', false],
      ['e', { f: 1n === 1n }],
    ])
    expect(text).toBe('bee  0\nsea  -\ndee  no\ne    {"f":true}')
  })

  it('indents the lines of a value under its first', () => {
    expect(record([['name', 'one\ntwo']])).toBe('name  one\n      two')
  })
})

const tricks = ['\u001b[31m', '\u0007', '\r', '\u007f', '\u009b1m', '\u202e', '\u2066', '\u200f', '\u061c']

describe('what others typed never steers the terminal', () => {
  it.each(tricks)('in a table, a record, JSON and lines of JSON: %j', (trick) => {
    const row = { name: `a${trick}b`, at: null, tags: [trick], [trick]: { [trick]: trick } }
    const shown = [
      table([row], columns),
      record([['name', row]]),
      printed(() => printAnswer('json', row, () => '')),
      printed(() => printAnswer('ndjson', { items: [row] }, () => '')),
    ]
    for (const text of shown) for (const character of trick.replaceAll(/[\u0020-\u007e]/g, '')) expect(text).not.toContain(character)
    expect(JSON.parse(shown[2] ?? '')).toEqual(row)
    expect(JSON.parse(shown[3] ?? '')).toEqual(row)
  })

  it('and no line of JSON is two for anybody who reads lines', () => {
    const row = { name: 'a\nb\u2028c\u2029d\u0085e' }
    expect(json(row)).toBe('{"name":"a\\nb\\u2028c\\u2029d\\u0085e"}')
    expect(JSON.parse(json(row))).toEqual(row)
  })
})

describe('an answer', () => {
  it.each([
    ['json', { items: [1, 2] }, '{\n  "items": [\n    1,\n    2\n  ]\n}\n'],
    ['ndjson', { items: [1, 2] }, '1\n2\n'],
    ['ndjson', { items: [] }, ''],
    ['ndjson', { a: 1 }, '{"a":1}\n'],
    ['ndjson', null, 'null\n'],
    ['json', undefined, 'null\n'],
    ['text', null, 'words\n'],
  ] as const)('as %s of %j', (format, answer, text) => {
    expect(printed(() => printAnswer(format, answer, () => 'words'))).toBe(text)
  })
})

describe('Found by a stranger: long sentences are broken at words on a terminal', () => {
  const next =
    'Try again, or have a link mailed to you: npx denizen password forgot …; else ask for one: npx denizen users send-setup-link …'

  function noted(columns: number, work: () => void): string {
    const before = { isTTY: process.stderr.isTTY, columns: process.stderr.columns }
    Object.assign(process.stderr, { isTTY: true, columns })
    let said = ''
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      said += String(chunk)
      return true
    })
    work()
    Object.assign(process.stderr, before)
    return stripVTControlCharacters(said)
  }

  it.each([30, 40, 60, 80, 100])('of a next step, below its first word, %i columns wide; commands stay whole', (columns) => {
    const said = noted(columns, () => labelled('next', next))
    const lines = said.trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(1)
    expect(lines.slice(1).every((line) => /^ {7}\S/.test(line))).toBe(true)
    expect(lines.filter((line) => line.length > columns && !/^ {7}npx denizen [^;]*…;?$/.test(line))).toEqual([])
    expect(lines.map((line) => line.slice(7)).join(' ')).toBe(next)
    for (const command of ['npx denizen password forgot …', 'npx denizen users send-setup-link …']) expect(said).toContain(command)
  })

  it('Found by a reviewer: the command of another program stays whole too', async () => {
    const home = join(tmpdir(), `wide-${crypto.randomUUID()}.json`)
    writeFileSync(home, '[]')
    const before = { isTTY: process.stderr.isTTY, columns: process.stderr.columns }
    Object.assign(process.stderr, { isTTY: true, columns: 80 })
    const { stderr } = await runHere(['users', 'import', home], {}).finally(() => Object.assign(process.stderr, before))
    expect(stripVTControlCharacters(stderr)).toContain('bin/kc.sh export --file realm.json --realm <name> --users realm_file\n')
    rmSync(home)
  })

  it('of a list of mistakes, with the indent of each', () => {
    const told = noted(27, () => labelled('error', 'No.\n  --name: far too long for it'))
    expect(told).toBe('error: No.\n         --name: far too\n         long for it\n')
    expect(noted(20, () => note('  --name: far too long for it'))).toBe('  --name: far too\n  long for it\n')
  })

  it('of an answer, but neither its tables nor what is to be copied', () => {
    const text =
      'Signed in to http://localhost:4000 as ada until tomorrow.\nNAME  WHAT\nada   one that is as wide as it has to be, and wider\nname: a line of YAML, which is no sentence'
    const shown = onTerminal(40, () => printed(() => printAnswer('text', null, () => text)))
    expect(shown).toBe(text.replace('as ada', 'as\nada') + '\n')
  })
})
