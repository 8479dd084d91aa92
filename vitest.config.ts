import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Runs the workspace from its sources: `@denizen/*` is what stands in this folder. */
const resolve = { conditions: ['@denizen/source', 'node'], externalConditions: ['@denizen/source', 'node'] }
const fromSource = { resolve, environments: { ssr: { resolve }, __vitest__: { resolve } } }

function project(name: string, folder: string, options: { isolate?: boolean; setupFiles?: string[] } = {}) {
  const root = join(import.meta.dirname, folder)
  return { ...fromSource, root, test: { name, root, include: ['src/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 60_000, ...options } }
}

const measuring = ['tests/revocation.test.ts', 'tests/*-timing.test.ts']

function system(name: string, include: string[], options: { exclude?: string[]; sequence: { groupOrder: number } }) {
  return { ...fromSource, test: { name, include, testTimeout: 60_000, hookTimeout: 60_000, ...options } }
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
      // They start processes of their own: after all others, and what measures time last and alone.
      system('system', ['tests/**/*.test.ts'], { exclude: [...measuring, 'tests/packaging/**'], sequence: { groupOrder: 1 } }),
      system('measured', measuring, { sequence: { groupOrder: 2 } }),
    ],
  },
})
