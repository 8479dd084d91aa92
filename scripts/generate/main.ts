/**
 * Writes everything that is generated, or says what is stale with `--check`:
 *
 * - packages/core/src/calls/kinds.ts: names, kinds and what happens to sessions, all of the signatures that a client carries;
 * - packages/core/src/calls/unplannable.ts: commands of which no dry run is possible;
 * - packages/core/src/calls/keyless.ts: commands that take no idempotency key;
 * - packages/core/src/kernel/error-codes.ts: the codes of all errors;
 * - packages/core/src/grants/built-in-permissions.ts: what `grantedTo` gives to each built-in role;
 * - packages/core/names.golden.txt: every name that was ever published. Names are frozen (they are permissions and
 *   audit verbs too), so a name is only ever added here; one that is gone is an error, not a change;
 * - packages/core/roles.golden.txt: every permission that a built-in role holds. Read what changes in it;
 * - docs/reference: a page for every namespace;
 * - parts of docs/threat-model.md and docs/architecture.md: see pages.ts.
 */
import { existsSync } from 'node:fs'
import { glob, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { signatures, type GrantedRole, type Signature } from '@denizen/core/contract'
import { format, type FormatConfig } from 'oxfmt'
import { catalogueOf } from '../../packages/core/src/kernel/catalogue.ts'
import { listPermissions as inOrder, permissionsOf } from '../../packages/core/src/grants/permissions.ts'

const workspace = join(import.meta.dirname, '../..')
const check = process.argv.includes('--check')

const listed = Object.values(signatures)
  .flatMap((namespace) => Object.values(namespace))
  .toSorted((one, other) => (one.name < other.name ? -1 : 1))

function kindsSource(file: string): Promise<string> {
  const lines = listed.map(({ name, kind }) => `  '${name}': '${kind}',`)
  const effects = listed.flatMap(({ name, session }: Signature) => (session === undefined ? [] : [`  '${name}': '${session}',`]))
  return source(
    file,
    `export const kinds = {\n${lines.join('\n')}\n} as const\n\nexport type ActionName = keyof typeof kinds

/** What actions do to the session of their caller. */
export const sessionEffects: Readonly<Partial<Record<ActionName, SessionEffect>>> = {\n${effects.join('\n')}\n}\n`,
    `import type { SessionEffect } from '../kernel/signature.ts'\n\n`,
  )
}

function permissionsSource(file: string): Promise<string> {
  const roles: readonly GrantedRole[] = ['user', 'member', 'admin', 'owner', 'resourceOwner']
  const lines = roles.map((role) => {
    const granted = listed.filter(({ grantedTo = [] }: Signature) => grantedTo.includes(role))
    return `  ${role}: [${granted.map(({ name }) => `'${name}'`).join(', ')}],`
  })
  return source(
    file,
    `/** What the signatures grant to the built-in roles, each without what it has of another one. */
export const builtInPermissions: Readonly<Record<GrantedRole, readonly string[]>> = {\n${lines.join('\n')}\n}\n`,
    `import type { GrantedRole } from '../kernel/signature.ts'\n\n`,
  )
}

/** Where errors are defined, or made directly. */
const errorSources = ['packages/*/src/**/*.ts', 'apps/cli/src/**/*.ts']
const definedCode = /(?:\bdefineError(?:<[^(]*?>)?|\bnew DenizenError|\btransportFailure)\(\s*'([a-z]+\.[A-Za-z]+)'/g

/** Read from the sources, so that a new error needs no list, and its code is known before it can be type-checked. */
async function errorCodesSource(file: string): Promise<string> {
  const codes = new Set<string>()
  for await (const name of glob(errorSources, {
    cwd: workspace,
    exclude: (path) => path.endsWith('.test.ts') || path.endsWith('testing'),
  })) {
    const text = await readFile(join(workspace, name), 'utf8')
    for (const [, code = ''] of text.matchAll(definedCode)) codes.add(code)
  }
  return source(
    file,
    `/** The codes of all errors: of the server, of the client (\`client.…\`) and of the command line (\`cli.…\`). */
export type DenizenErrorCode =\n${[...codes]
      .sort()
      .map((code) => `  | '${code}'`)
      .join('\n')}\n`,
  )
}

async function source(file: string, code: string, imports = ''): Promise<string> {
  const head = `// Generated from the signatures by \`npm run generate\`; a test fails when it is stale.\n`
  const options = JSON.parse(await readFile(join(workspace, '.oxfmtrc.json'), 'utf8')) as FormatConfig
  return (await format(file, `${head}${imports}${code}`, options)).code
}

async function goldenNames(file: string): Promise<string> {
  const published = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
  const names = listed.map(({ name }) => name)
  const gone = published.filter((name) => !names.some((one) => one === name))
  if (gone.length > 0)
    throw new Error(`${gone.join(', ')}: published names are frozen; keep the action, or take the name out of ${file} by hand`)
  return `${names.join('\n')}\n`
}

async function goldenRoles(): Promise<string> {
  const { permissionsByRole } = await import('../../packages/core/src/grants/built-in-roles.ts')
  const catalogue = catalogueOf(listed)
  const held = Object.entries(permissionsByRole).flatMap(([role, patterns]) =>
    inOrder(permissionsOf(catalogue, patterns)).map((permission) => `${role} ${permission}`),
  )
  return `${held.join('\n')}\n`
}

/** In this order: whatever loads the actions, as the server's errors do, has to find what the roles hold written. */
const files = {
  'packages/core/src/grants/built-in-permissions.ts': permissionsSource,
  'packages/core/src/calls/kinds.ts': kindsSource,
  'packages/core/src/kernel/error-codes.ts': errorCodesSource,
  'packages/core/names.golden.txt': goldenNames,
  'packages/core/roles.golden.txt': goldenRoles,
}
for (const [name, make] of Object.entries(files)) await settle(name, await make(join(workspace, name)))

/** Of the handlers, not of the signatures: who may call a command, and whether it handles secrets, decides. */
const { actions } = await import('../../packages/core/src/actions.ts')
const { takesKey } = await import('../../packages/core/src/kernel/action.ts')
const commands = listed.filter(({ kind }) => kind === 'command')
const sets = {
  keyless: {
    about:
      'What is sent like a command and takes no idempotency key: questions, what compares typed secrets, and what strangers call with secrets.',
    of: commands.filter(({ name }) => {
      const action = actions.get(name)
      return action !== undefined && !takesKey(action)
    }),
  },
  unplannable: {
    about: 'Commands of which no dry run is possible: it would be a way to try out secrets.',
    of: commands.filter(({ name }) => {
      const action = actions.get(name)
      return action !== undefined && 'handlesSecret' in action && action.handlesSecret === true
    }),
  },
}
for (const [set, { about, of }] of Object.entries(sets)) {
  const file = `packages/core/src/calls/${set}.ts`
  const names = of.map(({ name }) => `'${name}'`).join(', ')
  const code = `/** ${about} */\nexport const ${set}: ReadonlySet<ActionName> = new Set([${names}])\n`
  await settle(file, await source(join(workspace, file), code, `import type { ActionName } from './kinds.ts'\n\n`))
}

const { referencePages } = await import('./reference.ts')
for (const [name, page] of Object.entries(referencePages())) await settle(`docs/reference/${name}`, page)

const { generatedPages } = await import('./pages.ts')
for (const [name, write] of Object.entries(generatedPages))
  await settle(name, await write(await readFile(join(workspace, name), 'utf8'), workspace))

async function settle(name: string, wanted: string): Promise<void> {
  const file = join(workspace, name)
  if (existsSync(file) && (await readFile(file, 'utf8')) === wanted) return
  if (check) {
    console.error(`${name} is stale: run npm run generate`)
    process.exitCode = 1
  } else {
    await writeFile(file, wanted)
    console.log(`wrote ${name}`)
  }
}
