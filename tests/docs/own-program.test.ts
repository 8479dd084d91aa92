import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

test('a program that is saved where README says is nobody else’s business: git, format, lint and knip pass over it, and the types of all', () => {
  const [path = ''] = /examples\/[\w-]+\/mine\.ts/.exec(read('README.md')) ?? []
  expect(path).not.toBe('')
  // The tools ignore what git does.
  expect(execFileSync('git', ['check-ignore', '--no-index', path], { cwd: root, encoding: 'utf8' }).trim()).toBe(path)
  expect(read('tsconfig.json')).toContain('"examples/*/mine.ts"')
  expect(read('examples/tsconfig.json'), 'but an editor knows the packages in it').toContain('"*/mine.ts"')
})
