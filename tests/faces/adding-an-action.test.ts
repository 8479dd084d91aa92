import { execFile } from 'node:child_process'
import { cp, glob, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isWholeMatrix } from '../matrix.ts'
import { cli, rawHttp, sdk, trpc } from './callers.ts'

/*
 * docs/adding-an-action.md, done: what the page says is put where it says into a copy of the workspace, compiled, and
 * called through every face. It takes as long as a build, so it runs with the whole matrix of faces.
 */
const workspace = join(import.meta.dirname, '../..')
const conditions = '--conditions=@denizen/source'

/** A block of the page and where it belongs: before the last such line of the file, or at its end. */
interface Block {
  readonly file: string
  readonly before: string | undefined
  readonly code: string
}

describe.runIf(isWholeMatrix)('docs/adding-an-action.md', () => {
  let copy: string
  beforeAll(async () => {
    copy = await copied()
  })
  afterAll(() => rm(copy, { recursive: true, force: true }))

  test('adds an action with two files of code, a test and an example; the rest is generated', async () => {
    const blocks = await blocksOf('docs/adding-an-action.md')
    expect(blocks.map(({ file }) => file)).toEqual([
      'packages/core/src/accounts/profile/signatures.ts',
      'packages/core/src/accounts/profile/update.ts',
      'tests/examples/users-profile.ts',
      'packages/core/src/accounts/profile/rename.test.ts',
    ])
    for (const block of blocks) await put(copy, block)
    expect((await inCopy(copy, [conditions, 'scripts/generate/main.ts'])).trimEnd().split('\n')).toEqual([
      'wrote packages/core/src/grants/built-in-permissions.ts',
      'wrote packages/core/src/calls/kinds.ts',
      'wrote packages/core/names.golden.txt',
      'wrote packages/core/roles.golden.txt',
      'wrote docs/reference/README.md',
      'wrote docs/reference/users.md',
      'wrote README.md',
    ])
    expect(await inCopy(copy, [conditions, 'scripts/generate/main.ts', '--check'])).toBe('')
  })

  test('compiles', async () => {
    const include = ['packages/core/src/accounts/profile', 'tests/examples/users-profile.ts']
    await writeFile(join(copy, 'tsconfig.page.json'), JSON.stringify({ extends: './tsconfig.base.json', include }))
    const checked = await promisify(execFile)(join(copy, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.page.json', '--noEmit'], { cwd: copy })
    expect(checked.stdout).toBe('')
  })

  test('works through every face, and in the test of the page', async () => {
    const passed = [
      ...(await passedIn(copy, ['packages/core/src/accounts/profile/rename.test.ts'], 'renamed user')),
      ...(await passedIn(copy, ['--mode=faces', 'faces/every-action', 'faces/clients'], 'users.rename')),
    ]
    const asInProcess = [rawHttp, trpc, sdk, cli].flatMap((face) =>
      ['succeeds', 'fails'].map((which) => expect.stringMatching(`^${face.name} users.rename ${which}.* as it does in process$`)),
    )
    expect(passed).toEqual(expect.arrayContaining(['a renamed user is found under the new name only', ...asInProcess]))
  })

  test('has a command of its own, its options made from the input', async () => {
    const help = await inCopy(copy, [conditions, 'apps/cli/src/main.ts', 'users', 'rename', '--help'])
    expect(help).toContain('Give a user another username')
    for (const option of ['--user <', '--username <', '--dry-run']) expect(help).toContain(option)
  })
})

/** The names of the tests that passed; one that fails ends the program with an error. */
async function passedIn(copy: string, parameters: readonly string[], named: string): Promise<readonly string[]> {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=json', '--outputFile=report.json']
  await inCopy(copy, [...vitest, ...parameters, '-t', named])
  const { testResults } = JSON.parse(await readFile(join(copy, 'report.json'), 'utf8')) as Report
  return testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'passed')
    .map(({ fullName }) => fullName)
}

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[] }[]
}

/** The workspace without what was installed or built, with the same packages installed. */
async function copied(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'denizen-page-'))
  const left = new Set(['node_modules', 'dist', '.git', '.turbo', 'coverage'])
  const filter = (path: string) => !left.has(basename(path)) || relative(workspace, path) === ''
  await cp(workspace, copy, { recursive: true, filter })
  const [modules, own] = [join(workspace, 'node_modules'), join(copy, 'node_modules')]
  await mkdir(join(own, '@denizen'), { recursive: true })
  const installed = (await readdir(modules)).filter((name) => !['@denizen', 'denizen'].includes(name) && !name.startsWith('.vite'))
  for (const name of installed) await symlink(join(modules, name), join(own, name))
  for (const name of ['api', 'client', 'core', 'runtime']) await symlink(join(copy, 'packages', name), join(own, '@denizen', name))
  await symlink(join(copy, 'apps/cli'), join(own, 'denizen'))
  for await (const nested of glob('{packages,apps,examples}/*/node_modules', { cwd: workspace }))
    await symlink(join(workspace, nested), join(copy, nested))
  return copy
}

async function blocksOf(page: string): Promise<readonly Block[]> {
  const text = await readFile(join(workspace, page), 'utf8')
  return [...text.matchAll(/^<!-- ([^\s,]+)(?:, before "(.+)")? -->\n```ts\n([\s\S]*?)^```$/gm)].map(
    ([, file = '', before, code = '']) => ({
      file,
      before,
      code,
    }),
  )
}

async function put(copy: string, { file, before, code }: Block): Promise<void> {
  const path = join(copy, file)
  const text = await readFile(path, 'utf8').catch(() => '')
  if (before === undefined) return writeFile(path, text === '' ? code : `${text}\n${code}`)
  const at = text.lastIndexOf(`\n${before}\n`)
  if (at < 0) throw new Error(`${file} has no line ${before}`)
  return writeFile(path, `${text.slice(0, at + 1)}${code}${text.slice(at + 1)}`)
}

/** What a program of the copy prints, with nothing of this run's about it but its database. */
async function inCopy(copy: string, command: readonly string[]): Promise<string> {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST') && name !== 'NODE_ENV'))
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: copy, env: environment, maxBuffer: 64 * 1024 * 1024 })
  return stdout
}
