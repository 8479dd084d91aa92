import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { scaled } from './tests/deadlines.ts'
import { calibrate } from './tests/pace.ts'

/** Runs the workspace from its sources: `@denizen/*` is what stands in this folder. */
const resolve = { conditions: ['@denizen/source', 'node'], externalConditions: ['@denizen/source', 'node'] }
const fromSource = { resolve, environments: { ssr: { resolve }, __vitest__: { resolve } } }

// No test is timed by these: they end what hangs. The machine may get busy after the run has begun, so they are long.
calibrate()
const timeouts = { testTimeout: scaled(180_000), hookTimeout: scaled(240_000) }

/**
 * One project for each mode, whatever the package: a worker that has loaded core serves files of all of them, where a
 * project for each package would start three workers for each. A package's own tests are named by their path.
 */
function project(name: string, include: string[], options: { exclude?: string[]; setupFiles?: string[]; testTimeout?: number } = {}) {
  const root = import.meta.dirname
  return { ...fromSource, root, test: { name, root, isolate: false, include, ...timeouts, ...options } }
}

const isOnDeno = 'Deno' in globalThis
/** What Deno's threads lack. */
const threads = { setupFiles: isOnDeno ? ['packages/core/testing/deno-threads.ts'] : [] }
const testsOfCore = 'packages/core/src/**/*.test.ts'

/** Files of core that run on one database, whichever it is. */
function onEitherDatabase(): string[] {
  const root = import.meta.dirname
  return globSync(testsOfCore, { cwd: root }).filter((file) => readFileSync(join(root, file), 'utf8').includes('.each(databases)'))
}

/** What is tested in process every day is tested once more over HTTP here. */
const throughMoreFaces = ['tests/isolation/http.test.ts']

/**
 * A file's worlds take some thirty connections, and the next file opens its own before PostgreSQL has let go of them. A
 * server that was given may have PostgreSQL's usual hundred for all workers; one from npm is started with twice as many.
 */
const workers = (process.env['DENIZEN_TEST_DATABASE_URL'] ?? '') === '' ? 3 : 2

/** What `vitest run --mode …` runs; `test`, without a mode. */
const modes: Readonly<Record<string, ReturnType<typeof project>>> = {
  // Under Deno, core alone: it is what has to run there.
  test: project('test', isOnDeno ? [testsOfCore] : ['{packages,apps}/*/src/**/*.test.ts', 'tests/**/*.test.ts'], {
    ...threads,
    exclude: ['tests/system/**', 'tests/packaging/**', ...throughMoreFaces],
  }),
  embedded: project('embedded', onEitherDatabase(), threads),
  faces: project('faces', ['tests/{faces,isolation}/**/*.test.ts']),
  // It measures time, kills and counts processes: one file after the other, alone. A measurement may be made three times.
  system: project('system', ['tests/system/**/*.test.ts'], { testTimeout: scaled(600_000) }),
}

/** The modes in which knip reads this file, to learn which files are tests. */
const bundling = ['development', 'production']

export default defineConfig(({ mode }) => {
  const projects = bundling.includes(mode) ? Object.values(modes) : [modes[mode]].filter((one) => one !== undefined)
  if (projects.length === 0) throw new Error(`There is no mode ${mode}: ${Object.keys(modes).join(', ')}`)
  if (mode === 'embedded') process.env['DENIZEN_TEST_DATABASE'] = 'embedded'
  if (mode === 'faces') process.env['DENIZEN_TEST_FACES'] = 'all'
  return {
    ...fromSource,
    test: {
      globalSetup: ['packages/core/testing/global-setup.ts'],
      maxWorkers: mode === 'system' ? 1 : workers,
      ...(mode === 'embedded' && { testNamePattern: /embedded/ }),
      projects,
    },
  }
})
