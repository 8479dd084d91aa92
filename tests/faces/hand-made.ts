import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const sources = join(import.meta.dirname, '../../apps/cli/src')

/**
 * The actions that a command calls by name, in code of its own. A command that is made from its signature does not:
 * `addAction` calls whichever action it was given.
 */
export function handMade(): ReadonlySet<string> {
  const files = globSync('**/*.ts', { cwd: sources, exclude: ['**/*.test.ts', 'testing/**'] })
  return new Set(files.flatMap((file) => calledIn(readFileSync(join(sources, file), 'utf8'))))
}

/** The actions that a source calls by name: `calls.users.create(…)`, `callNamed(calls, 'users.create')`. */
export function calledIn(source: string): readonly string[] {
  const called = [...source.matchAll(/\bcalls\??\.(\w+)\.(\w+)/g)].map(([, namespace, verb]) => `${namespace}.${verb}`)
  const named = [...source.matchAll(/\bcallNamed\([^,()]+,\s*'([\w.]+)'/g)].map(([, name]) => name ?? '')
  return [...called, ...named]
}
