import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { useServed } from '../../apps/cli/src/testing/served.ts'
import { blocksOf, workspace } from './blocks.ts'
import { shellCommandsOf } from './shell.ts'
import { follow, signsIn, type Answer, type Reader } from './story.ts'

/** The reference is generated: its lines are forms, with … where names go. */
const pages = execFileSync('git', ['ls-files', '*.md'], { cwd: workspace, encoding: 'utf8' })
  .split('\n')
  .filter((page) => page !== '' && !page.startsWith('docs/reference/'))
const told = pages.filter((page) => blocksOf(page, 'sh').some(({ remark }) => remark?.startsWith('not run: ') !== true))

/** What is typed at prompts, by the people of the story. */
const answers: readonly Answer[] = [
  signsIn,
  {
    asked: /^orgs view-invitation /,
    option: '--token-stdin',
    elsewhere: true,
    text: ({ served }) => served.world.mailer.tokenFor('frank@example.org'),
  },
  {
    asked: /^orgs accept-invitation --token-prompt --password-prompt$/,
    option: '--token-stdin --password-stdin',
    elsewhere: true,
    text: ({ served }) => `${served.world.mailer.tokenFor('frank@example.org')}\nsix green bottles on a wall`,
  },
]

describe('O10, C13: what the pages say to type', () => {
  describe.each(['README.md', ...told.filter((page) => page !== 'README.md')])('%s', (page) => {
    const { served, terminal } = useServed()
    const reader = (): Reader => ({ served: served(), terminal, answers })

    test('works from top to bottom', async () => {
      await served().world.rows(
        `update users set username = 'superadmin' where id = (select id from users where username = ?) returning 1`,
        [served().admin.user.username],
      )
      // Every page begins where the README ends.
      const first = page === 'README.md' ? [] : blocksOf('README.md', 'sh')
      const blocks = [...first, ...blocksOf(page, 'sh')].filter(({ remark }) => remark?.startsWith('not run: ') !== true)
      const failed: string[] = []
      for (const block of blocks) failed.push(...(await follow(reader(), block)))
      expect(failed).toEqual([])
    })
  })

  test('what is not run is this, and the page says why', () => {
    const notRun = pages.flatMap((page) => blocksOf(page, 'sh')).filter(({ remark }) => remark?.startsWith('not run: ') === true)
    expect(notRun.map(({ page, remark }) => `${page}: ${remark}`)).toMatchInlineSnapshot(`
      [
        "CONTRIBUTING.md: not run: it is how this came here",
        "README.md: not run: scripts/check-start.ts does, in CI",
        "README.md: not run: it is what runs this",
        "apps/cli/README.md: not run: scripts/check-start.ts, serve.test.ts, doctor.test.ts and migrate.test.ts do",
        "bench/README.md: not run: it takes minutes",
        "docs/adding-an-action.md: not run: tests/faces/adding-an-action.test.ts does, with the rest of this page",
        "docs/adding-an-action.md: not run: tests/faces/adding-an-action.test.ts does, with the rest of this page",
        "docs/adding-an-action.md: not run: tests/faces/adding-an-action.test.ts does, with the rest of this page",
        "docs/operations.md: not run: it needs a database of yours; migrate.test.ts and serve.test.ts do this",
        "docs/operations.md: not run: backup.test.ts does",
        "docs/operations.md: not run: it needs a database of yours",
        "docs/operations.md: not run: locked-out.test.ts does, on a database of its own",
        "docs/operations.md: not run: locked-out.test.ts does, on a database of its own",
      ]
    `)
  })
})

test('lines are read as a shell reads them', () => {
  expect(shellCommandsOf(`a 'b c' "d" --e='{"f":1}' # no\n# nothing\nx | y - > z && echo w`)).toEqual([
    { words: ['a', 'b c', 'd', '--e={"f":1}'], next: 'end', into: null, from: null },
    { words: ['x'], next: 'pipe', into: null, from: null },
    { words: ['y', '-'], next: 'and', into: 'z', from: null },
    { words: ['echo', 'w'], next: 'end', into: null, from: null },
  ])
})
