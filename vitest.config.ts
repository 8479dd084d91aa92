import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { scaled } from './tests/deadlines.ts'
import { calibrate } from './tests/pace.ts'

/** Runs the workspace from its sources: `@denizen/*` is what stands in this folder. */
const resolve = { conditions: ['@denizen/source', 'node'], externalConditions: ['@denizen/source', 'node'] }
const fromSource = { resolve, environments: { ssr: { resolve }, __vitest__: { resolve } } }

// No test is timed by these: they end what hangs.
calibrate()
const timeouts = { testTimeout: scaled(60_000), hookTimeout: scaled(120_000) }

function project(
  name: string,
  folder: string,
  options: { include?: string[]; exclude?: string[]; setupFiles?: string[]; testTimeout?: number } = {},
) {
  const root = join(import.meta.dirname, folder)
  return { ...fromSource, root, test: { name, root, isolate: false, include: ['src/**/*.test.ts'], ...timeouts, ...options } }
}

/** Under Deno, what its threads lack. */
const inCore = { setupFiles: 'Deno' in globalThis ? ['testing/deno-threads.ts'] : [] }

/** Files of core that run on one database, whichever it is. */
function onEitherDatabase(): string[] {
  const root = join(import.meta.dirname, 'packages/core')
  return globSync('src/**/*.test.ts', { cwd: root }).filter((file) => readFileSync(join(root, file), 'utf8').includes('.each(databases)'))
}

/** What is tested in process every day is tested once more over HTTP here. */
const throughMoreFaces = ['isolation/http.test.ts']

/** What `vitest run --mode …` runs; `test`, without a mode. */
const modes: Readonly<Record<string, ReturnType<typeof project>[]>> = {
  test: [
    project('core', 'packages/core', inCore),
    project('runtime', 'packages/runtime'),
    project('api', 'packages/api'),
    project('client', 'packages/client'),
    project('cli', 'apps/cli'),
    project('whole', 'tests', { include: ['**/*.test.ts'], exclude: ['system/**', 'packaging/**', ...throughMoreFaces] }),
  ],
  embedded: [project('embedded', 'packages/core', { ...inCore, include: onEitherDatabase() })],
  faces: [project('faces', 'tests', { include: ['faces/**/*.test.ts', 'isolation/**/*.test.ts'] })],
  // It measures time, kills and counts processes: one file after the other, alone. A measurement may be made three times.
  system: [project('system', 'tests/system', { include: ['**/*.test.ts'], testTimeout: scaled(600_000) })],
}

/** The modes in which knip reads this file, to learn which files are tests. */
const bundling = ['development', 'production']

export default defineConfig(({ mode }) => {
  const projects = bundling.includes(mode) ? Object.values(modes).flat() : modes[mode]
  if (projects === undefined) throw new Error(`There is no mode ${mode}: ${Object.keys(modes).join(', ')}`)
  if (mode === 'embedded') process.env['DENIZEN_TEST_DATABASE'] = 'embedded'
  if (mode === 'faces') process.env['DENIZEN_TEST_FACES'] = 'all'
  return {
    ...fromSource,
    test: {
      globalSetup: ['packages/core/testing/global-setup.ts'],
      maxWorkers: mode === 'system' ? 1 : 3,
      ...(mode === 'embedded' && { testNamePattern: /embedded/ }),
      projects,
    },
  }
})
