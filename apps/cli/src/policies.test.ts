import { describe, expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()
const run = (...line: string[]) => terminal.here(line, asAdmin())
const json = async (...line: string[]): Promise<unknown> => JSON.parse((await run(...line, '--json')).stdout)
const newName = () => `policy-${crypto.randomUUID().slice(0, 8)}`

describe('a policy', () => {
  it('is made of limits as people write them, shown by its name, changed, given and taken away', async () => {
    const name = newName()
    const limits = ['maxSessions=3', 'loginExcess=evictOldest', 'requestsPerMinute=unlimited', 'allowedFactors=totp,passkey']
    const made = await json('policies', 'create', name, ...limits.flatMap((limit) => ['--limit', limit]))
    expect(made).toMatchObject({
      limits: { maxSessions: 3, loginExcess: 'evictOldest', requestsPerMinute: null, allowedFactors: ['totp', 'passkey'] },
    })
    const byType = '{"document":5,"folder":null}'
    expect(
      await json('policies', 'update', name, '--limit', `maxResourcesPerType=${byType}`, '--remove', 'maxSessions,loginExcess'),
    ).toMatchObject({
      limits: { requestsPerMinute: null, maxResourcesPerType: { document: 5, folder: null } },
    })
    const { user } = await served().world.signUp()
    expect((await run('policies', 'assign', name, '--user', user.username)).stdout).toContain('applies from now on')
    expect((await run('policies', 'assign', name, '--user', user.username)).stdout).toContain('Nothing to change')
    expect((await run('policies', 'get', name)).stdout).toMatch(/users\s+1/)
    const effective = (await run('policies', 'effective', user.username)).stdout
    expect(effective).toMatch(new RegExp(`requestsPerMinute\\s+unlimited\\s+user\\s+${name}`))
    expect(effective).toMatch(/maxApiTokens\s+100\s+settings/)
    expect((await run('policies', 'list', '--all')).stdout).toContain(name)
    const refused = await run('policies', 'delete', name, '--yes')
    expect([refused.code, refused.stderr]).toEqual([
      5,
      expect.stringMatching(new RegExp(`in use by 1 user[^]*next: .*policies delete ${name} --reassign-to`)),
    ])
    expect((await run('policies', 'delete', name, '--reassign-to-none', '--yes')).stdout).toContain('1 user and')
    expect((await run('policies', 'get', name)).code).toBe(3)
  })

  it('is given to one, and it is said which', async () => {
    const name = newName()
    await run('policies', 'create', name)
    const wrong = [
      ['policies', 'assign', name],
      ['policies', 'assign', '--as-default'],
      ['policies', 'assign', name, '--none', '--as-default'],
      ['policies', 'assign', name, '--as-default', '--user', 'ada'],
      ['policies', 'update', name],
      ['policies', 'create', newName(), '--limit', 'maxSessions'],
    ]
    for (const line of wrong) expect((await run(...line)).code).toBe(2)
    expect((await run('policies', 'create', newName(), '--limit', 'maxSesions=3')).stderr).toContain('Did you mean maxSessions?')
    // Found by a stranger.
    const valueless = await run('policies', 'create', newName(), '--limit', 'maxSessions')
    expect(valueless.stderr).toMatch(/^error: maxSessions needs a value\.\nnext: .*--limit maxSessions=5/)
    const negative = await run('policies', 'create', newName(), '--limit', 'sessionLifetimeMinutes=-1')
    expect(negative.stderr).toMatch(/^error: --limit sessionLifetimeMinutes: must be at least 1/)
    expect((await run('policies', 'create', newName(), '--limit', 'maxResourcesPerType={"a"')).stderr).toMatch(
      /^error: --limit is not JSON/,
    )
    expect((await run('policies', 'assign', name, '--as-default')).code).toBe(0)
    expect((await run('policies', 'list')).stdout).toMatch(new RegExp(`${name}\\s+yes`))
    expect((await run('policies', 'assign', '--none', '--as-default')).code).toBe(0)
  })
})
