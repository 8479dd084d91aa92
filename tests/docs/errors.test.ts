import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const read = (file: string) => readFileSync(join(import.meta.dirname, '../..', file), 'utf8')

test('every error code is documented, with its kind, a text and who answers it', () => {
  const codes = [...read('packages/core/src/kernel/error-codes.ts').matchAll(/'([a-z]+\.[A-Za-z]+)'/g)].map(([, code]) => code)
  const rows = [...read('docs/reference/errors.md').matchAll(/^\| `([^`]+)` \| ([^|]+) \| ((?:[^|\\]|\\.)+) \| ([^|]+) \|$/gm)]
  expect(rows.map(([, code]) => code).toSorted()).toEqual(codes.toSorted())
  for (const namespace of ['cli', 'client', 'config', 'database'])
    expect(codes.filter((code) => code?.startsWith(`${namespace}.`))).not.toEqual([])
  for (const [, code, ...cells] of rows) for (const text of cells) expect(text.trim(), code).not.toBe('')
})
