/**
 * Builds the `dist/` of the package it is started in (`npm run build` there, or in the root for all of them).
 * With `--bundle`, what comes from other packages of the workspace becomes part of it, code and types: that is how
 * the client brings no ORM, no driver and no server along.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { dts } from 'rolldown-plugin-dts'
import { run } from './shell.ts'

const folder = process.cwd()
const dist = join(folder, 'dist')

rmSync(dist, { recursive: true, force: true })
if (process.argv.includes('--bundle')) await bundle()
else await compile(dist)

async function compile(into: string): Promise<void> {
  await run('tsc', ['-p', 'tsconfig.build.json', '--checkers', '1', '--outDir', into], { cwd: folder })
}

async function bundle(): Promise<void> {
  const parts = join(dist, 'parts')
  await compile(parts)
  const external = (id: string) => !/^[./]|^@denizen\//.test(id)
  const code = await rolldown({ input: join(parts, 'index.js'), external, platform: 'neutral' })
  await code.write({ dir: dist, format: 'es' })
  const types = await rolldown({ input: join(parts, 'index.d.ts'), external, plugins: [dts({ dtsInput: true, tsconfig: false })] })
  await types.write({ dir: dist, format: 'es' })
  rmSync(parts, { recursive: true })
}
