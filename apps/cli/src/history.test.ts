import { describe, expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()
const run = (...line: string[]) => terminal.here(line, asAdmin())

describe('denizen history', () => {
  it('lists attempts as a table and as JSON; users unlock forgets the failures', async () => {
    const username = `history-${crypto.randomUUID().slice(0, 8)}`
    await run('users', 'create', '--username', username)
    const { core } = served().world
    for (let count = 0; count < 6; count++)
      await core
        .as({ kind: 'anonymous' }, { ip: '192.0.2.1', userAgent: '\u001b[2J' })
        .auth.signIn({ identifier: username, password: 'wrong' })
        .catch(() => null)
    const shown = await run('history', '--user', username)
    expect(shown.stdout).toMatch(/^AT +USER +OUTCOME +WITH +FROM +CLIENT/)
    expect(shown.stdout).toMatch(new RegExp(`${username} +wrong password +password +192\\.0\\.2\\.1`))
    expect(shown.stdout).not.toContain('\u001b[2J')
    const locked = (await run('history', '--user', username, '--outcome', 'locked', '--json')).json<{ items: object[] }>()
    expect(locked.items).toMatchObject([{ outcome: 'locked', user: { username } }])
    const none = (await run('history', '--user', username, '--until', '2020-01-01T00:00:00Z', '--json')).json<{ items: object[] }>()
    expect(none.items).toEqual([])
    expect((await run('history', '--from', 'yesterday')).code).toBe(2)
    expect((await run('users', 'unlock', username)).stdout).toBe(
      'The user may try to sign in again. Failed attempts that no longer count: 5.\n',
    )
    expect((await run('users', 'unlock', username)).stdout).toContain('was not locked out')
  })
})
