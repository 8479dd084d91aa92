import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

/**
 * What modules keep in memory. Whatever grows with rows, users, callers or their input belongs to an assembly (`kernel/caches.ts`);
 * anything else that can grow has a comment above it that says by what it is bounded.
 */
const workspace = join(import.meta.dirname, '../..')

const sources = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', 'packages/*/src/*.ts', 'apps/*/src/*.ts'], {
  cwd: workspace,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && !/\.test\.ts$|\/testing\//.test(file))

/** A script for browsers, in a text. */
const elsewhere = new Set(['packages/api/src/pages/passkeys-script.ts'])

const declaration = /^(?:export )?(let|const) (\w+)(?:: (.+?))?(?: = (.*))?$|^ +static (?:readonly )?(#?\w+)(?:: (.+?))?(?: = (.*))?$/
const growing = /^new (Map|Set|WeakMap|WeakSet|Caches|\w*Cache)\b|^\[\]|^\{\}/

/** The names that a module keeps something under that can grow, without a word on what bounds it. */
function unboundedIn(source: string): string[] {
  const lines = source.split('\n')
  return lines.flatMap((line, index) => {
    const [, kind, ofModule, itsType, value, ofClass, type = itsType, staticValue] = declaration.exec(line) ?? []
    const name = ofModule ?? ofClass
    if (name === undefined) return []
    const isFixed = /^(Readonly\w*<|readonly )/.test(type ?? '')
    const grows = kind === 'let' || (growing.test(value ?? staticValue ?? '') && !isFixed)
    return grows && !/\bBounded\b/.test(commentAbove(lines, index)) ? [name] : []
  })
}

function commentAbove(lines: readonly string[], index: number): string {
  if (!/^\s*(\*\/|\/\*\*.*\*\/|\/\/)/.test(lines[index - 1] ?? '')) return ''
  const start = lines.slice(0, index).findLastIndex((line) => /^\s*(\/\*\*|\/\/)/.test(line))
  return lines.slice(start, index).join('\n')
}

describe('what modules keep in memory', () => {
  test('is bounded, and says by what; or it belongs to an assembly', () => {
    expect(sources.length).toBeGreaterThan(500)
    const found = sources
      .filter((file) => !elsewhere.has(file))
      .flatMap((file) => unboundedIn(readFileSync(join(workspace, file), 'utf8')).map((name) => `${file}: ${name}`))
    expect(found, 'let it belong to an assembly (kernel/caches.ts), or say above it what bounds it: "Bounded by …"').toEqual([])
  })

  test.each([
    ['a map', 'const known = new Map<string, number>()'],
    ['a map of a type that may be changed', 'export const known: Map<string, number> = new Map()'],
    ['a list', 'const all: string[] = []'],
    ['an object', 'const all: Record<string, number> = {}'],
    ['a weak map', '/** By their owner. */\nconst known = new WeakMap<object, Map<string, number>>()'],
    ['a cache', 'const rows = new RowCache()'],
    ['a variable', 'let last: Promise<void> | undefined'],
    ['a static field', 'class Known {\n  static readonly #all = new Set<string>()'],
  ])('finds %s', (_, source) => {
    expect(unboundedIn(source)).toHaveLength(1)
  })

  test.each([
    ['a table', "const codes: ReadonlySet<string> = new Set(['a'])"],
    ['an empty list that stays empty', 'const none: readonly string[] = []'],
    ['what says its bound', '/**\n * By hasher. Bounded by the hashers.\n */\nconst decoys = new WeakMap<Hasher, Promise<string>>()'],
    ['what a function or an object holds', 'function make() {\n  const known = new Map<string, number>()\n}'],
  ])('lets %s be', (_, source) => {
    expect(unboundedIn(source)).toEqual([])
  })
})
