import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Runs the workspace from its sources: `@denizen/*` is what stands in this folder. */
const resolve = { conditions: ['@denizen/source', 'node'], externalConditions: ['@denizen/source', 'node'] }
const fromSource = { resolve, environments: { ssr: { resolve }, __vitest__: { resolve } } }

function project(name: string, folder: string, options: { isolate?: boolean; setupFiles?: string[] } = {}) {
  const root = join(import.meta.dirname, folder)
  return { ...fromSource, root, test: { name, root, include: ['src/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 60_000, ...options } }
}

export default defineConfig({
  ...fromSource,
  test: {
    globalSetup: ['packages/core/testing/global-setup.ts'],
    maxWorkers: 2,
    projects: [
      project('core', 'packages/core', { isolate: false, setupFiles: 'Deno' in globalThis ? ['testing/deno-threads.ts'] : [] }),
      project('runtime', 'packages/runtime'),
      project('api', 'packages/api'),
      project('client', 'packages/client'),
      project('cli', 'apps/cli'),
      {
        ...fromSource,
        test: {
          name: 'system',
          include: ['tests/**/*.test.ts'],
          exclude: ['tests/packaging/**'],
          // After all others: it measures, and starts processes of its own that need the cores.
          sequence: { groupOrder: 1 },
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
