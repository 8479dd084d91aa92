/**
 * For daily work, in under a minute: types, lint, format, unused code, and the tests closest to what has changed since
 * the main branch, as far as time allows; it says which it left out. Before a commit, run `npm run check`.
 */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ended, run } from './packages/shell.ts'
import { folderOf, importsOf, planOf, type Workspace } from './quick/plan.ts'

const cwd = join(import.meta.dirname, '..')
const startedAt = performance.now()
const failed: string[] = []

const plan = planOf(await changedFiles(), workspace())
await Promise.all([
  step('types', ['npm', 'run', '--silent', 'check:types']),
  step('lint', ['npm', 'run', '--silent', 'check:lint']),
  step('format', ['npm', 'run', '--silent', 'check:format']),
  step('unused code', ['npm', 'run', '--silent', 'check:unused']),
  tests(),
])
console.log(`not run: ${plan.left.join('; ')}. Next: npm run check`)
console.log(failed.length === 0 ? `all is well (${seconds(startedAt)})` : `FAILED: ${failed.join(', ')} (${seconds(startedAt)})`)
process.exitCode = failed.length === 0 ? 0 : 1

async function tests(): Promise<void> {
  if (plan.core.length > 0)
    await step(`tests of core in ${plan.core.length} files`, ['vitest', 'run', ...plan.core.map((file) => join(cwd, file))])
  if (plan.packages.length === 0) return
  const filters = plan.packages.map((folder) => `--filter=./${folder}`)
  await step(`tests of ${plan.packages.join(', ')}`, ['turbo', 'run', 'test', ...filters, '--concurrency=1', '--output-logs=errors-only'])
}

/** Its output is shown only when it fails. */
async function step(name: string, [program = '', ...parameters]: readonly string[]): Promise<void> {
  const start = performance.now()
  const environment = { TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' }
  const { code, output } = await ended(program, parameters, { cwd, environment })
  const cached = output.includes('FULL TURBO') ? ', as before' : ''
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'}  ${name} (${seconds(start)}${cached})`)
  if (code === 0) return
  failed.push(name)
  console.log(output.split('\n').slice(-120).join('\n'))
}

/** Files that have changed since the main branch, committed or not. */
async function changedFiles(): Promise<readonly string[]> {
  const branch = await ended('git', ['merge-base', 'HEAD', 'main'], { cwd })
  const base = branch.code === 0 ? branch.output.trim() : 'HEAD'
  const changed = await run('git', ['diff', '--name-only', base], { cwd })
  const added = await run('git', ['ls-files', '--others', '--exclude-standard'], { cwd })
  return `${changed}\n${added}`.split('\n').filter((file) => file !== '')
}

function workspace(): Workspace {
  const packages = globSync(['packages/*/package.json', 'apps/*/package.json'], { cwd }).map((file) => file.slice(0, file.lastIndexOf('/')))
  const sources = globSync('packages/core/src/**/*.ts', { cwd })
  const imports = new Map<string, Set<string>>()
  for (const file of sources) {
    const folder = folderOf(file)
    const known = imports.get(folder) ?? new Set()
    for (const other of importsOf(file, readFileSync(join(cwd, file), 'utf8'))) known.add(other)
    imports.set(folder, known)
  }
  return { packages, imports, tests: sources.filter((file) => file.endsWith('.test.ts')) }
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}
