/**
 * Whether what `npm run build` makes can be published: builds and packs every package, lints the tarballs, and uses
 * them the way others will, in folders of their own outside the workspace.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkClient } from './client.ts'
import { checkCommand } from './command.ts'
import { checkAdapter, checkSecondCopy } from './neighbours.ts'
import { pack, workspace, type Packed } from './pack.ts'
import { run } from './shell.ts'

const folder = mkdtempSync(join(tmpdir(), 'denizen-packages-'))
const started = performance.now()

await step('build', () => run('turbo', ['run', 'build', '--force', '--output-logs=errors-only'], { cwd: workspace, environment: quiet() }))
const packed = await step('pack', () => pack(folderOf('tarballs')))
await step('publint and attw', () => lint(packed))
const alone = folderOf('client')
await step('the client alone', () => checkClient(alone, packed))
await step('two copies of tRPC', () => checkSecondCopy(alone))
await step("TanStack's adapter", () => checkAdapter(folderOf('adapter'), packed))
await step('the command', () => checkCommand(folderOf('command'), packed))
rmSync(folder, { recursive: true, force: true }) // kept when anything failed
console.log(`${packed.length} packages can be published (${seconds(started)} s)`)

async function lint(packages: readonly Packed[]): Promise<void> {
  const cwd = folder
  await Promise.all(packages.map(({ tarball }) => run('publint', ['run', tarball, '--strict'], { cwd })))
  const libraries = packages.filter(({ isLibrary }) => isLibrary)
  await Promise.all(libraries.map(({ tarball }) => run('attw', [tarball, '--profile', 'esm-only', '--no-emoji'], { cwd })))
}

async function step<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const start = performance.now()
  const result = await work()
  console.log(`${seconds(start).padStart(6)} s  ${name}`)
  return result
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1)
}

function folderOf(name: string): string {
  const made = join(folder, name)
  mkdirSync(made)
  return made
}

function quiet(): Record<string, string> {
  return { TURBO_TELEMETRY_DISABLED: '1', TURBO_NO_UPDATE_NOTIFIER: '1' }
}
