import { describe, expect, it } from 'vitest'
import { importsOf, planOf, type Workspace } from '../../scripts/quick/plan.ts'

const core = (path: string): string => `packages/core/src/${path}`
const many = Array.from({ length: 40 }, (_, index) => core(`roles/${index}.test.ts`))
const workspace: Workspace = {
  packages: ['packages/core', 'packages/api', 'apps/cli'],
  imports: new Map([
    ['teams', new Set(['kernel'])],
    ['users', new Set(['teams', 'kernel'])],
    ['roles', new Set(['kernel'])],
    ['', new Set(['teams', 'users', 'roles'])],
  ]),
  tests: [core('core.test.ts'), core('teams/a.test.ts'), core('teams/b.test.ts'), core('users/a.test.ts'), ...many],
}

describe('what is tested', () => {
  it.each<[changed: string[], packages: string[], tests: string[]]>([
    [[], [], []],
    [['README.md'], [], []],
    [['apps/cli/src/main.ts'], ['apps/cli'], []],
    [['apps/cli/src/main.ts', 'packages/api/src/a.ts'], ['packages/api', 'apps/cli'], []],
    [[core('users/a.ts')], [], [core('users/a.test.ts'), core('core.test.ts')]],
    [[core('teams/a.ts')], [], [core('teams/a.test.ts'), core('teams/b.test.ts'), core('core.test.ts'), core('users/a.test.ts')]],
    [[core('teams/b.test.ts')], [], [core('teams/b.test.ts'), core('teams/a.test.ts'), core('core.test.ts'), core('users/a.test.ts')]],
  ])('%j', (changed, packages, tests) => {
    const plan = planOf(changed, workspace)
    expect(plan.packages).toEqual(packages)
    expect(plan.core).toEqual(tests)
  })

  it('is no more than a minute has room for, and what is left out is named', () => {
    const plan = planOf([core('kernel/id.ts')], workspace)
    expect(plan.core).toHaveLength(25)
    expect(plan.core[0]).toBe(core('teams/a.test.ts'))
    expect(plan.left).toEqual(['19 of 44 files of tests in packages/core', 'packages/api', 'apps/cli', 'tests/, on whole programs'])
  })
})

it('imports are folders of core, from wherever in it the file stands', () => {
  const text =
    "import { a } from '../../teams/index.ts'\nexport * from '../b.ts'\nimport type { C } from '@denizen/x'\nimport '../c/d.ts'\nimport { e } from '../../core.ts'"
  expect(importsOf(core('users/bulk/create.ts'), text)).toEqual(['teams', 'users', ''])
})
