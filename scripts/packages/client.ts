/** The client, installed by itself into an empty folder: what it brings along, and what it is to a program that uses it. */
import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { workspace, type Packed } from './pack.ts'
import { run } from './shell.ts'

/** Bytes of the declarations, which editors read, for each action; and of all that a browser loads, minified and compressed. */
const budgets = { declarations: 3_150, bundle: 15_250 }

/** Nothing of what a server needs. */
const unwanted = /^(@mikro-orm\/.*|kysely|knex|pg|pg-.*|@electric-sql\/.*|@denizen\/(?!client$).*|denizen|fastify|hono|express|vitest)$/

export async function checkClient(folder: string, packed: readonly Packed[]): Promise<void> {
  const client = packed.find(({ name }) => name === '@denizen/client')
  assert(client, 'the client was packed')
  cpSync(join(workspace, 'tests/packaging/consumer'), folder, { recursive: true })
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', client.tarball, `superjson@${ourSuperjson()}`], {
    cwd: folder,
  })
  const installed = installedIn(folder)
  assert(installed.includes('@denizen/client'), 'the client was installed')
  assert.deepEqual(
    installed.filter((name) => unwanted.test(name)),
    [],
    'what the client must not bring',
  )
  console.log(`        with the client come ${installed.filter((name) => name !== '@denizen/client').join(', ')}`)
  await Promise.all(['nodenext', 'bundler'].map((kind) => run('tsc', ['-p', `tsconfig.${kind}.json`], { cwd: folder })))
  await run('node', ['main.ts'], { cwd: folder })
  await checkSizes(join(folder, 'node_modules/@denizen/client/dist'))
}

/** The version that we develop with: a newer one would count against the budget of the bundle, without a change of ours. */
function ourSuperjson(): string {
  const { version } = JSON.parse(readFileSync(join(workspace, 'node_modules/superjson/package.json'), 'utf8')) as { version: string }
  return version
}

async function checkSizes(dist: string): Promise<void> {
  const code = await rolldown({ input: join(dist, 'index.js'), platform: 'browser' })
  const { output } = await code.generate({ format: 'es', minify: true })
  const text = output.map((part) => (part.type === 'chunk' ? part.code : '')).join('')
  const names = readFileSync(join(workspace, 'packages/core/names.golden.txt'), 'utf8').trim().split('\n')
  const declarations = Math.round(statSync(join(dist, 'index.d.ts')).size / names.length)
  const sizes = { declarations, bundle: gzipSync(text).length }
  console.log(`        declarations ${sizes.declarations} bytes an action, in a browser ${sizes.bundle} bytes compressed`)
  for (const what of ['declarations', 'bundle'] as const)
    assert(sizes[what] <= budgets[what], `the ${what} of the client may have ${budgets[what]} bytes, not ${sizes[what]}`)
}

/** The names of all packages in a folder, however deep. */
function installedIn(folder: string): readonly string[] {
  const { packages } = JSON.parse(readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8')) as { packages: object }
  const names = Object.keys(packages).map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
  assert(names.length >= readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.') && !name.startsWith('@')).length)
  return [...new Set(names)].toSorted()
}
