/**
 * Writes what is generated from the signatures, or says what is stale with `--check`:
 *
 * - packages/core/src/calls/kinds.ts: names and kinds, all of the signatures that a client carries;
 * - packages/core/names.golden.txt: every name that was ever published. Names are frozen (they are permissions and
 *   audit verbs too), so a name is only ever added here; one that is gone is an error, not a change;
 * - packages/core/roles.golden.txt: every permission that a built-in role holds. Read what changes in it.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { signatures } from '@denizen/core/contract'
import { format, type FormatConfig } from 'oxfmt'
import { permissionsByRole } from '../packages/core/src/access/builtin.ts'
import { listed as inOrder, permissionsOf } from '../packages/core/src/access/permissions.ts'

const workspace = join(import.meta.dirname, '..')
const check = process.argv.includes('--check')

const listed = Object.values(signatures)
  .flatMap((namespace) => Object.values(namespace))
  .toSorted((one, other) => (one.name < other.name ? -1 : 1))

async function kindsSource(file: string): Promise<string> {
  const lines = listed.map(({ name, kind }) => `  '${name}': '${kind}',`)
  const source = `// Generated from the signatures by \`npm run generate\`; a test fails when it is stale.
export const kinds = {\n${lines.join('\n')}\n} as const\n\nexport type ActionName = keyof typeof kinds\n`
  const options = JSON.parse(await readFile(join(workspace, '.oxfmtrc.json'), 'utf8')) as FormatConfig
  return (await format(file, source, options)).code
}

async function goldenNames(file: string): Promise<string> {
  const published = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
  const names = listed.map(({ name }) => name)
  const gone = published.filter((name) => !names.some((one) => one === name))
  if (gone.length > 0)
    throw new Error(`${gone.join(', ')}: published names are frozen; keep the action, or take the name out of ${file} by hand`)
  return `${names.join('\n')}\n`
}

function goldenRoles(): string {
  const catalogue = new Map(listed.map(({ name, kind }) => [name, kind]))
  const held = Object.entries(permissionsByRole).flatMap(([role, patterns]) =>
    inOrder(permissionsOf(catalogue, patterns)).map((permission) => `${role} ${permission}`),
  )
  return `${held.join('\n')}\n`
}

const files = {
  'packages/core/src/calls/kinds.ts': kindsSource,
  'packages/core/names.golden.txt': goldenNames,
  'packages/core/roles.golden.txt': goldenRoles,
}
for (const [name, make] of Object.entries(files)) {
  const file = join(workspace, name)
  const wanted = await make(file)
  if ((await readFile(file, 'utf8')) === wanted) continue
  if (check) {
    console.error(`${name} is stale: run npm run generate`)
    process.exitCode = 1
  } else {
    await writeFile(file, wanted)
    console.log(`wrote ${name}`)
  }
}
