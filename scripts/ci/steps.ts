/** The steps of CI: what each runs, what it needs, and about how long it takes. */
import type { Work } from './schedule.ts'

export interface Step extends Work {
  readonly command: readonly [program: string, ...parameters: string[]]
  readonly environment?: Readonly<Record<string, string>>
  /** It runs tests by vitest, and each test counts. Without it, the step counts as one check. */
  readonly suite?: Suite
}

interface Suite {
  /** Files and folders, from the root of the workspace. Default: all. */
  readonly files?: readonly string[]
  /** Only tests whose names match. */
  readonly named?: string
}

/** Where the steps leave what others read. */
export interface Folders {
  /** The logs of Denizen and the output of the suites, which are searched for secrets. */
  readonly overheard: string
}

export const onNode = 'npm test'
/** Core's tests on PostgreSQL; and on the embedded database those of the pipeline and of the database itself. */
export const onDeno = ['core on deno', 'core on deno, embedded'] as const
export const embeddedOnDeno: readonly string[] = ['packages/core/src/pipeline/', 'packages/core/src/database/']

const machinePostgres = { DENIZEN_TEST_DATABASE_URL: 'postgresql://postgres@127.0.0.1:5432/postgres' }
const fromSource = ['node', '--conditions=@denizen/source'] as const

export function stepsOfCi({ overheard }: Folders): readonly Step[] {
  return [...suites({ DENIZEN_TEST_OVERHEARD: overheard }), ...onOtherMachines(), ...checks(), ...programs(overheard)]
}

/** Suites whose logs are searched for secrets afterwards. */
export const overheardSuites = [onNode, 'embedded', 'faces', 'system', 'processes']

const system = ['npm', 'run', 'test:system', '--'] as const
/** Tests of whole processes that measure no time. */
const processes = 'tests/system/processes/'

function suites(environment: Readonly<Record<string, string>>): Step[] {
  return [
    {
      name: 'oathtool',
      cores: 1,
      seconds: 15,
      locks: ['apt'],
      command: bash('command -v oathtool || { apt-get update -qq && apt-get install -y -qq --no-install-recommends oathtool; }'),
    },
    {
      name: 'pgbouncer',
      cores: 1,
      seconds: 15,
      locks: ['apt'],
      // Installed only: Debian would start it, on its usual port.
      command: bash(
        'command -v pgbouncer || { apt-get update -qq && apt-get install -y -qq --no-install-recommends pgbouncer && { service pgbouncer stop || true; }; }',
      ),
    },
    { name: onNode, cores: 2, seconds: 300, after: ['oathtool', 'pgbouncer'], command: ['npm', 'test', '--'], environment, suite: {} },
    {
      name: 'embedded',
      cores: 2,
      seconds: 120,
      command: ['npm', 'run', 'test:embedded', '--'],
      environment: { ...environment, DENIZEN_TEST_RUNS: '5' },
      suite: {},
    },
    { name: 'faces', cores: 2, seconds: 120, command: ['npm', 'run', 'test:faces', '--'], environment, suite: {} },
    {
      name: 'processes',
      cores: 2,
      seconds: 150,
      command: system,
      environment: { ...environment, DENIZEN_TEST_KILLS: '10' },
      suite: { files: [processes] },
    },
    // What is promised in milliseconds is measured, so nothing runs beside it.
    { name: 'system', cores: 'all', seconds: 200, command: [...system, `--exclude=${processes}**`], environment, suite: {} },
  ]
}

/** On this machine's PostgreSQL: what can depend on the database server, and core on Deno. */
function onOtherMachines(): Step[] {
  const environment = machinePostgres
  const fewer = { ...machinePostgres, DENIZEN_TEST_RUNS: '5' }
  const deno: Step['command'] = ['npm', 'run', 'test:deno', '--']
  const servers = ['tests/commands', 'tests/migrations', 'tests/secrets', 'tests/hostile']
  return [
    { name: onDeno[0], cores: 2, seconds: 180, locks, command: deno, environment: fewer, suite: { named: '^(?!.* on embedded)' } },
    {
      name: onDeno[1],
      cores: 2,
      seconds: 40,
      locks,
      command: deno,
      environment: fewer,
      suite: { named: ' on embedded', files: embeddedOnDeno },
    },
    {
      name: 'servers on this postgres',
      cores: 2,
      seconds: 100,
      locks,
      command: ['npm', 'test', '--'],
      environment,
      suite: { files: ['packages/runtime/', ...servers] },
    },
    {
      name: 'processes on this postgres',
      cores: 2,
      seconds: 100,
      locks,
      command: system,
      environment: { ...environment, DENIZEN_TEST_KILLS: '10' },
      suite: {
        files: ['crash', 'concurrency', 'shutdown'].map((name) => `${processes}${name}`),
        named: '^(?!.* on the embedded database)',
      },
    },
  ]
}

/** It has connections for only one suite at a time. */
const locks = ['the PostgreSQL of this machine']

function checks(): Step[] {
  return [
    { name: 'types', cores: 2, seconds: 10, command: ['npm', 'run', 'check:types'] },
    { name: 'lint', cores: 2, seconds: 15, command: ['npm', 'run', 'check:lint'] },
    { name: 'format', cores: 1, seconds: 2, command: ['npm', 'run', 'check:format'] },
    { name: 'unused code', cores: 1, seconds: 5, locks: ['dist'], command: ['npm', 'run', 'check:unused'] },
    { name: 'build and packages', cores: 2, seconds: 60, locks: ['dist'], command: ['npm', 'run', 'check:packages'] },
  ]
}

function programs(overheard: string): Step[] {
  // The pages are driven through Debian's Chromium; the tests themselves need no browser.
  const install = '[ -x /usr/bin/chromium ] || { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; }'
  return [
    { name: 'chromium', cores: 1, seconds: 40, locks: ['apt'], command: bash(install) },
    { name: 'pages in a browser', cores: 1, seconds: 15, after: ['chromium'], command: [...fromSource, 'scripts/check-pages.ts'] },
    { name: 'diagrams in a browser', cores: 1, seconds: 15, after: ['chromium'], command: ['node', 'scripts/check-diagrams.ts'] },
    { name: 'passkeys in a browser', cores: 1, seconds: 15, after: ['chromium'], command: [...fromSource, 'scripts/check-passkeys.ts'] },
    { name: 'readme start command', cores: 1, seconds: 30, command: ['node', 'scripts/check-start.ts'] },
    { name: 'the example signs up and in', cores: 1, seconds: 10, command: [...fromSource, 'scripts/check-example.ts'] },
    { name: 'core checked by deno', cores: 1, seconds: 20, command: ['npm', 'run', 'check:deno'] },
    { name: 'core on bun', cores: 1, seconds: 10, command: ['npm', 'run', 'test:bun'] },
    {
      name: 'no secret was said',
      cores: 1,
      seconds: 5,
      after: overheardSuites,
      command: [...fromSource, 'scripts/check-secrets.ts', overheard],
    },
  ]
}

function bash(script: string): Step['command'] {
  return ['bash', '-c', script]
}
