import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const workspace = join(import.meta.dirname, '../..')
const files = execFileSync('git', ['ls-files', 'apps/*/src/*.ts', 'packages/*/src/*.ts'], { cwd: workspace, encoding: 'utf8' })
const sources = files.split('\n').filter((file) => file !== '' && !/\.test\.ts$|\/testing\//.test(file))
const namesIn = (text: string): readonly string[] => [...text.matchAll(/\bDENIZEN_[A-Z_]*[A-Z]\b|\bDATABASE_URL\b/g)].map(([name]) => name)

test('the tables of settings name every variable that the sources do, and no other', () => {
  const page = readFileSync(join(workspace, 'docs/operations.md'), 'utf8')
  const listed = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].flatMap(([, name = '']) => name)
  const read = new Set(sources.flatMap((file) => namesIn(readFileSync(join(workspace, file), 'utf8'))))
  expect(listed).toEqual([...new Set(listed)])
  expect(new Set(listed)).toEqual(read)
})
