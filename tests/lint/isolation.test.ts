import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const workspace = join(import.meta.dirname, '../..')

test('R2: every transaction of what is shipped names its isolation', () => {
  const unnamed = globSync('{packages,apps}/*/src/**/*.ts', { cwd: workspace })
    .filter((file) => !file.endsWith('.test.ts') && !file.includes('/testing/'))
    .filter((file) => {
      const text = readFileSync(join(workspace, file), 'utf8')
      const opened = text.match(/\.(begin|transactional)\(/g) ?? []
      const named = text.match(/\bisolation\.(changing|reading|readingOneSnapshot)\b/g) ?? []
      return opened.length > named.length
    })
  expect(unnamed).toEqual([])
})
