import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { drawFolders, layers, readFolders, upwardsIn } from '../../scripts/docs/folders.ts'
import { between } from '../../scripts/docs/markers.ts'

const workspace = join(import.meta.dirname, '../..')
const folders = readFolders(workspace)

describe('the folders of core', () => {
  test('each stand in one layer (scripts/docs/folders.ts)', () => {
    expect(layers.flatMap((layer) => layer.folders).toSorted()).toEqual(folders.names)
  })

  test('import downwards only, types included', () => {
    const added = upwardsIn(folders)
    expect(added.map((edge) => `${edge}: ${folders.imports.get(edge)?.join(', ')}`)).toEqual([])
  })

  test('are drawn in docs/architecture.md as they are: otherwise run npm run generate', () => {
    const page = readFileSync(join(workspace, 'docs/architecture.md'), 'utf8')
    expect(between(page, 'folders').inside.trim()).toBe(drawFolders(folders))
  })
})

test('an import upwards, and of a folder without a layer, is found', () => {
  const imports = new Map([
    ['users → kernel', []],
    ['kernel → users', []],
    ['users → new', []],
    ['new → users', []],
  ])
  expect(upwardsIn({ imports })).toEqual(['kernel → users', 'new → users', 'users → new'])
})
