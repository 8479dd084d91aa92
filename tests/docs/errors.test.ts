import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const read = (file: string) => readFileSync(join(import.meta.dirname, '../..', file), 'utf8')

test('every error code is documented, with its kind, a text and who answers it', () => {
  const codes = [...read('packages/core/src/kernel/error-codes.ts').matchAll(/'([a-z]+\.[A-Za-z]+)'/g)].map(([, code]) => code)
  const rows = [...read('docs/reference/errors.md').matchAll(/^\| `([^`]+)` \| ([^|]+) \| ((?:[^|\\]|\\.)+) \| ([^|]+) \|$/gm)]
  expect(new Set(rows.map(([, code]) => code))).toEqual(new Set(codes))
  for (const namespace of ['cli', 'client', 'config', 'database'])
    expect(codes.filter((code) => code?.startsWith(`${namespace}.`))).not.toEqual([])
  for (const [, ...cells] of rows) expect(cells.map((text) => text.trim())).not.toContain('')
})
