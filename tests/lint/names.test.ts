import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

/** Names that were given up do not come back. The one list of them is docs/renamed.md, which says what is called how now. */
const workspace = join(import.meta.dirname, '../..')
const list = 'docs/renamed.md'
/** They tell of other times, or say which words are not used. */
const history = new Set([list, 'CHANGELOG.md', 'docs/glossary.md'])

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.md', '*.json', '*.mjs', '*.js'], {
  cwd: workspace,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(workspace, file)) && !history.has(file))

interface Retired {
  readonly name: string
  readonly kind: 'name' | 'file'
  /** It is still there, because the renaming is not done yet. */
  readonly isPending: boolean
}

function retiredIn(page: string): Retired[] {
  const rows = [...page.matchAll(/^\| `([^`]+)`[^\n]*\| (name|file)(, later)? \|$/gm)]
  return rows.map(([, name = '', kind, later]) => ({ name, kind: kind === 'file' ? 'file' : 'name', isPending: later !== undefined }))
}

const words = new Map<string, Set<string>>()
for (const file of files)
  for (const [word] of readFileSync(join(workspace, file), 'utf8').matchAll(/[A-Za-z_$][\w$]*/g))
    words.set(word, (words.get(word) ?? new Set()).add(file))

function placesOf({ name, kind }: Retired): string[] {
  return kind === 'file' ? files.filter((file) => `/${file}`.includes(`/${name}`)) : [...(words.get(name) ?? [])]
}

const page = readFileSync(join(workspace, list), 'utf8')
const retired = retiredIn(page)

/** What stands in the second column: files, whole or the end of a path, and names. */
const present = [...page.matchAll(/^\| .*? \| (.*?) \|/gm)].flatMap(([, now = '']) =>
  [...now.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
)

function isThere(name: string): boolean {
  if (/^[\w./-]+(\.ts|\/)$/.test(name)) return files.some((file) => `/${file}`.includes(`/${name}`))
  return /^[A-Za-z_$][\w$]*$/.test(name) ? words.has(name) : true
}

describe('names that were given up', () => {
  test('are listed, each once', () => {
    expect(retired.length).toBeGreaterThan(20)
    const names = retired.map(({ kind, name }) => `${kind} ${name}`)
    expect(names).toEqual([...new Set(names)])
    for (const { name, kind } of retired) expect(name).toMatch(kind === 'file' ? /^[\w./-]+(\/|\.ts)$/ : /^[A-Za-z]\w*$/)
  })

  test('stand nowhere any more', () => {
    const found = retired.filter(({ isPending }) => !isPending).flatMap((one) => placesOf(one).map((file) => `${one.name}: ${file}`))
    expect(found, `${list} says what each is called now`).toEqual([])
  })

  test('have become what is there', () => {
    expect(present.length).toBeGreaterThan(20)
    expect(
      present.filter((name) => !isThere(name)),
      `the present names in ${list}`,
    ).toEqual([])
  })

  test('are marked "later" only as long as they are still there', () => {
    const gone = retired.filter((one) => one.isPending && placesOf(one).length === 0).map(({ name }) => name)
    expect(gone, `these are gone: take ", later" off their rows in ${list}`).toEqual([])
  })
})
