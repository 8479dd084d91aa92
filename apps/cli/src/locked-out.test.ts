import { createPostgres } from '@denizen/core/testing'
import { expect, it } from 'vitest'
import { blocksOf } from '../../../tests/docs/blocks.ts'
import { shellCommandsOf } from '../../../tests/docs/shell.ts'
import { Terminal } from './testing/terminal.ts'

const terminal = new Terminal({ DENIZEN_MASTER_KEY: 'A'.repeat(43) })

it('the operator brings back an installation whose only superadmin is locked out, as the page says', async () => {
  const database = await createPostgres({ connections: 1, empty: false })
  const mail = { DENIZEN_SMTP_URL: 'smtp://127.0.0.1:1', DENIZEN_MAIL_FROM: 'no-reply@example.org' }
  const run = (words: readonly string[], input?: string) => terminal.here([...words], { DATABASE_URL: database.url ?? '', ...mail }, input)
  try {
    await run(['users', 'create', '--username', 'superadmin', '--password-stdin', '--local'], 'lost and forgotten by all')
    expect((await run(['users', 'promote', 'superadmin', '--local', '--yes'])).code).toBe(0)
    const blocks = blocksOf('docs/operations.md', 'sh').filter(({ remark }) => remark?.includes('locked-out.test.ts') === true)
    const lines = blocks.flatMap(({ code }) => shellCommandsOf(code).map(({ words }) => words.slice(1)))
    const ends: string[] = []
    for (const line of lines) {
      const typed = line.map((word) => (word === '--password-prompt' ? '--password-stdin' : word))
      const { code, stderr } = await run([...typed, ...(takesYes(line) ? ['--yes'] : [])], 'six green bottles on a wall')
      ends.push(`${line.slice(0, 2).join(' ')}: ${code === 0 ? 'done' : (/\((\w+\.\w+)\)$/m.exec(stderr)?.[1] ?? stderr)}`)
    }
    expect(ends).toEqual([
      'factors reset: factors.none', // this one has lost the password only
      'users unlock: done',
      'users create: done',
      'users promote: done',
      'users update: done',
      'users send-setup-link: done',
    ])
  } finally {
    await database.close({ keep: false })
  }
})

/** Only what takes something away, or gives everything, asks. */
const takesYes = ([group, verb]: readonly string[]): boolean => ['factors reset', 'users promote'].includes(`${group} ${verb}`)
