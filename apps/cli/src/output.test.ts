import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { json, labelled, localTime, note, printAnswer, record } from './output.ts'
import { table } from './table.ts'
import { onTerminal } from './testing/on-terminal.ts'
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
