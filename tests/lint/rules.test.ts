import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

/**
 * Every house rule fires where it should and stays quiet where it should not: oxlint ignores a pattern it cannot read,
 * so a rule that was never seen to fire may not exist. Each case is one planted file, `x` is its last word.
 */
const workspace = join(import.meta.dirname, '../..')
const core = 'packages/core/src'

const forbidden: [file: string, code: string, rule: string][] = [
  // core is pure
  [`${core}/users/a.ts`, "import x from 'node:fs'", 'no-restricted-imports'],
  [`${core}/index.ts`, "export * from '@denizen/runtime'", 'no-restricted-imports'],
  [`${core}/core.ts`, "import { x } from '@denizen/api'", 'no-restricted-imports'],
  [`${core}/core.ts`, "import { x } from '@mikro-orm/pglite'", 'no-restricted-imports'],
  [`${core}/users/b.ts`, "import { x } from 'pg'", 'no-restricted-imports'],
  [`${core}/users/c.ts`, "import { x } from '../../testing/index.ts'", 'no-restricted-imports'],
  [`${core}/users/d.ts`, "export const x = await import('node:path')", 'no-restricted-imports'],
  [`${core}/pipeline/a.ts`, "import { x } from '@trpc/server'", 'no-restricted-imports'],
  [`${core}/users/e.ts`, 'export const x = Date.now()', 'no-restricted-properties'],
  [`${core}/users/assign.ts`, 'export const x = (row: object) => Object.assign(row, { a: 1 })', 'no-restricted-properties'],
  [`${core}/kernel/now.ts`, 'export const x = Date.now()', 'no-restricted-properties'],
  [`${core}/users/f.ts`, 'export const x = process.env', 'no-restricted-globals'],
  [`${core}/kernel/f.ts`, 'export const x = Buffer.from([])', 'no-restricted-globals'],
  [`${core}/defaults/f.ts`, 'export const x = Deno.env', 'no-restricted-globals'],
  [`${core}/users/g.ts`, 'console.log(1)', 'no-restricted-globals'],
  // the kernel and the ports know no feature
  [`${core}/kernel/a.ts`, "import { x } from '../users/index.ts'", 'no-restricted-imports'],
  [`${core}/kernel/b.ts`, "import { x } from '../core.ts'", 'no-restricted-imports'],
  [`${core}/kernel/c.ts`, "import type { x } from '../users/entity.ts'", 'no-restricted-imports'],
  [`${core}/ports/a.ts`, "import { x } from '../users/model.ts'", 'no-restricted-imports'],
  [`${core}/ports/b.ts`, "import { x } from '../pipeline/run.ts'", 'no-restricted-imports'],
  // features are used through their face
  [`${core}/sessions/a.ts`, "import { x } from '../users/repository.ts'", 'no-restricted-imports'],
  [`${core}/sessions/b.ts`, "import { x } from '../accounts/keycloak/users.ts'", 'no-restricted-imports'],
  [`${core}/sessions/c.ts`, "import { x } from '../pipeline/run.ts'", 'no-restricted-imports'],
  [`${core}/sessions/d.ts`, "import { x } from '../core.ts'", 'no-restricted-imports'],
  [`${core}/accounts/import/a.ts`, "import { x } from '../../users/repository.ts'", 'no-restricted-imports'],
  [`${core}/accounts/import/b.ts`, "import { x } from '../../database/orm.ts'", 'no-restricted-imports'],
  // model ← entity ← repository ← actions
  [`${core}/users/entity.ts`, "import { x } from './repository.ts'", 'no-restricted-imports'],
  [`${core}/users/repository.ts`, "import { x } from './actions.ts'", 'no-restricted-imports'],
  [`${core}/users/model.ts`, "import { x } from './entity.ts'", 'no-restricted-imports'],
  [`${core}/users/signatures.ts`, "import { x } from '../sessions/index.ts'", 'no-restricted-imports'],
  [`${core}/users/errors.ts`, "import { x } from '@mikro-orm/core'", 'no-restricted-imports'],
  [`${core}/contract.ts`, "import { x } from './users/index.ts'", 'no-restricted-imports'],
  [`${core}/calls/a.ts`, "import { x } from 'kysely'", 'no-restricted-imports'],
  // the packages around core
  ['packages/runtime/src/a.ts', "import { x } from '@denizen/api'", 'no-restricted-imports'],
  ['packages/runtime/src/b.ts', "import { x } from '@denizen/core/testing'", 'no-restricted-imports'],
  ['packages/api/src/a.ts', "import { x } from '@denizen/runtime'", 'no-restricted-imports'],
  ['packages/api/src/b.ts', "import { x } from '@mikro-orm/postgresql'", 'no-restricted-imports'],
  ['packages/client/src/a.ts', "import { x } from '@denizen/core'", 'no-restricted-imports'],
  ['packages/client/src/b.ts', "import { x } from '@denizen/api'", 'no-restricted-imports'],
  ['packages/client/src/c.ts', "import { x } from '@mikro-orm/core'", 'no-restricted-imports'],
  ['packages/client/src/d.ts', "import x from 'node:fs'", 'no-restricted-imports'],
  ['apps/console/src/a.ts', "import { x } from '@denizen/core'", 'no-restricted-imports'],
  ['apps/cli/src/a.ts', "import { x } from 'pg'", 'no-restricted-imports'],
  // how code is written
  ['packages/api/src/any.ts', 'export const x = (value: any) => value', 'no-explicit-any'],
  ['packages/api/src/float.ts', 'export function x() {\n  Promise.resolve(1)\n}', 'no-floating-promises'],
  ['packages/api/src/misused.ts', 'export const x = (go: (f: () => void) => void) => go(async () => {})', 'no-misused-promises'],
  [
    'packages/api/src/switch.ts',
    "export function x(kind: 'a' | 'b') {\n  switch (kind) {\n    case 'a':\n      return 1\n  }\n  return 2\n}",
    'switch-exhaustiveness-check',
  ],
  ['packages/api/src/cycle.ts', "import { y } from './cycle-back.ts'\nexport const x = () => y", 'no-cycle'],
  ['packages/api/src/cycle-back.ts', "import { x } from './cycle.ts'\nexport const y = () => x", 'no-cycle'],
  ['packages/api/src/type-cycle.ts', "import type { Y } from './type-cycle-back.ts'\nexport type x = Y", 'no-cycle'],
  ['packages/api/src/type-cycle-back.ts', "import type { x } from './type-cycle.ts'\nexport type Y = x[]", 'no-cycle'],
  ['packages/api/src/long.ts', 'export const x = 1\n'.padEnd(400, '\n'), 'max-lines'],
  ['packages/api/src/longer.ts', `export function x() {\n${'  console.log(1)\n'.repeat(45)}}`, 'max-lines-per-function'],
]

const allowed: [file: string, code: string][] = [
  [
    `${core}/sessions/ok.ts`,
    "export { x } from '../users/index.ts'\nexport { y } from '../users/entity.ts'\nexport { z } from '../kernel/id.ts'",
  ],
  [
    `${core}/accounts/import/ok.ts`,
    "export { x } from '../../users/index.ts'\nexport { y } from '../errors.ts'\nexport { z } from '../../users/model.ts'",
  ],
  [`${core}/sessions/model.ts`, "export { x } from '../users/model.ts'\nexport { y } from '../kernel/id.ts'"],
  [`${core}/ports/ok.ts`, "export { x } from '../kernel/id.ts'"],
  [`${core}/kernel/ok.ts`, "export type { x } from '../ports/index.ts'\nexport { y } from './id.ts'"],
  [`${core}/kernel/function.ts`, 'export const x = Object.assign(() => 1, { a: 1 })'],
  [`${core}/pipeline/ok.ts`, "export { x } from '../database/conflict.ts'\nexport { y } from '../sessions/index.ts'"],
  [`${core}/users/ok.ts`, 'export const x = () => setTimeout(() => {}, 1)'],
  [`${core}/users/ok.test.ts`, "export { x } from '../../testing/index.ts'\nexport const y = Date.now()"],
  ['packages/client/src/ok.ts', "export { x } from '@denizen/core/calls'\nexport type { y } from '@denizen/api'"],
  ['packages/api/src/ok.ts', "export { x } from '@denizen/core'\nexport { y } from 'node:http'"],
  ['apps/cli/src/ok.ts', "export { x } from '@denizen/runtime'\nexport { y } from '@denizen/api'\nexport { z } from '@denizen/client'"],
]

interface Finding {
  readonly code: string
  readonly filename: string
}

let folder: string
let findings: Finding[]

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'denizen-lint-'))
  for (const name of ['oxlint.config.ts', 'tsconfig.base.json', 'package.json']) cpSync(join(workspace, name), join(folder, name))
  symlinkSync(join(workspace, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'tsconfig.json'), '{ "extends": "./tsconfig.base.json", "include": ["packages", "apps"] }')
  for (const [file, code] of [...forbidden, ...allowed]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), `${code}\n`)
  }
  findings = lint()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function lint(): Finding[] {
  const oxlint = join(workspace, 'node_modules/oxlint/bin/oxlint')
  try {
    execFileSync(process.execPath, [oxlint, '-f', 'json', 'packages', 'apps'], { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 })
  } catch (error) {
    const { stdout } = error as { stdout: string }
    return (JSON.parse(stdout) as { diagnostics: Finding[] }).diagnostics
  }
  throw new Error('oxlint found nothing wrong with files that break every rule')
}

const rulesBroken = (file: string) =>
  findings.filter(({ filename }) => filename === file).map(({ code }) => code.replace(/.*\((.*)\)/, '$1'))

it.each(forbidden)('%s: %s: %s', (file, _code, rule) => {
  expect(rulesBroken(file)).toContain(rule)
})

it.each(allowed)('%s: is allowed: %s', (file) => {
  expect(rulesBroken(file)).toEqual([])
})
