import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const workspace = join(import.meta.dirname, '..')

test('what is generated is up to date (npm run generate)', async () => {
  const command = ['--conditions=@denizen/source', 'scripts/generate/main.ts', '--check']
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command, { cwd: workspace })
  expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' })
})
