/**
 * Makes the tarballs that are published, in the folder that is named: `node scripts/packages/pack.ts <folder>`, after
 * `npm run build`. A package in the workspace points at its sources as well; what is packed holds no source, and so
 * its exports name none.
 */
import assert from 'node:assert/strict'
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { run } from './shell.ts'

export const workspace = join(import.meta.dirname, '../..')

/** In package.json, the condition under which a package is its sources. */
const sourceCondition = '@denizen/source'

type Exports = Readonly<Record<string, Readonly<Record<string, string>>>>

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly files: readonly string[]
  readonly exports?: Exports
}

export interface Packed {
  readonly name: string
  readonly version: string
  readonly tarball: string
  /** Whether it can be imported; a command cannot. */
  readonly isLibrary: boolean
}

/** Packs every package that is published. */
export async function pack(into: string): Promise<readonly Packed[]> {
  const staged = publishedFolders().map(({ folder, manifest }) => ({ manifest, stage: stage(folder, manifest, join(into, 'stage')) }))
  const folders = staged.map(({ stage }) => stage)
  const printed = await run('npm', ['pack', '--json', '--silent', '--pack-destination', into, ...folders], { cwd: into })
  const tarballs = filesOf(printed)
  return staged.map(({ manifest: { name, version, exports } }) => {
    const made = tarballs.find((one) => one.name === name)
    assert(made, `npm packed no ${name}:\n${printed}`)
    checkFiles(made)
    return { name, version, tarball: join(into, made.filename), isLibrary: exports !== undefined }
  })
}

interface Tarball {
  readonly name: string
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

/** npm answers with a list, or with an object by name, depending on its version. */
function filesOf(printed: string): readonly Tarball[] {
  return Object.values(JSON.parse(printed) as Record<string, Tarball>)
}

function publishedFolders(): { folder: string; manifest: Manifest }[] {
  return ['packages', 'apps']
    .flatMap((parent) => readdirSync(join(workspace, parent)).map((name) => join(workspace, parent, name)))
    .map((folder) => ({ folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest }))
    .filter(({ manifest }) => manifest.private !== true)
}

function stage(folder: string, manifest: Manifest, parent: string): string {
  const made = join(parent, manifest.name)
  mkdirSync(made, { recursive: true })
  // npm takes README.md by itself, from where it packs.
  for (const file of [...manifest.files, 'README.md']) cpSync(join(folder, file), join(made, file), { recursive: true })
  writeFileSync(join(made, 'package.json'), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`)
  return made
}

/** What only the workspace needs is left out. */
function publishedManifest(manifest: Manifest): object {
  const { scripts: _scripts, devDependencies: _development, ...rest } = manifest as Manifest & Record<string, unknown>
  if (manifest.exports === undefined) return rest
  return { ...rest, exports: withoutSources(manifest.exports) }
}

function withoutSources(exports: Exports): Exports {
  const built = Object.entries(exports).map(([path, { [sourceCondition]: _source, ...conditions }]) => [path, conditions] as const)
  return Object.fromEntries(built.filter(([, conditions]) => Object.keys(conditions).length > 0))
}

function checkFiles({ name, files }: Tarball): void {
  const unwanted = files.map(({ path }) => path).filter((path) => /(^|\/)(src|testing)\/|\.test\.|(?<!\.d)\.ts$/.test(path))
  assert.deepEqual(unwanted, [], `${name} holds what is not published`)
  assert(
    files.some(({ path }) => path.startsWith('dist/')),
    `${name} was not built: npm run build`,
  )
  assert(
    files.some(({ path }) => path === 'README.md'),
    `${name} has no page of its own`,
  )
}

if (import.meta.main) {
  const [into = ''] = process.argv.slice(2)
  assert(into !== '', 'Name the folder for the tarballs.')
  mkdirSync(into, { recursive: true })
  for (const { name, version, tarball } of await pack(resolve(into))) console.log(`${name} ${version}  ${tarball}`)
}
