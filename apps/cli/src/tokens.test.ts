import { describe, expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, terminal } = useServed()

async function somebody() {
  const user = await served().world.signUp()
  const env = { DENIZEN_URL: served().server.url, DENIZEN_TOKEN: user.token }
  return { user, run: (...line: string[]) => terminal.here(line, env) }
}

/** As whoever has only the secret. */
const withSecret = (secret: string, ...line: string[]) => terminal.here(line, { DENIZEN_URL: served().server.url, DENIZEN_TOKEN: secret })

describe('denizen tokens', () => {
  it('U8: says of a scope that is no action which was meant, before it asks for anything', async () => {
    const { run, user } = await somebody()
    const slip = await run('tokens', 'create', 'x', '--scopes', 'users.lst')
    expect([slip.code, slip.stderr]).toEqual([2, expect.stringContaining('There is no action users.lst. Did you mean users.list?')])
    await expect(user.as.tokens.create({ name: 'x', scopes: ['users.lst'] })).rejects.toMatchObject({ code: 'access.unknownPermission' })
    const check = await run('access', 'check', 'me', 'document.wriet')
    expect([check.code, check.stdout, check.stderr]).toEqual([4, 'No.\n', expect.stringContaining('explain')])
  })

  it('prints the secret alone and once to standard output; it works until it is rotated and revoked', async () => {
    const { user, run } = await somebody()
    const made = await run('tokens', 'create', 'nightly backup', '--scopes', 'sessions.whoami,users.current', '--lifetime-days', '90')
    expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(/^dnz_api_\w+\n$/)])
    const secret = made.stdout.trim()
    expect(made.stderr).toMatch(/^scopes +sessions\.whoami, users\.current$/m)
    expect(made.stderr).not.toContain(secret)
    expect((await withSecret(secret, 'users', 'current')).stdout).toContain(user.user.username)

    const listed = await run('tokens', 'list')
    expect(listed.stdout).toMatch(/^NAME +STATE +SCOPES +CREATED +EXPIRES +LAST USED +ID$/m)
    expect(listed.stdout).toMatch(/^nightly backup +active /m)
    expect(listed.stdout + (await run('tokens', 'list', '--json')).stdout).not.toContain(secret)

    const unasked = await run('tokens', 'rotate', 'nightly backup')
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('--yes')])
    const rotated = await run('tokens', 'rotate', 'nightly backup', '--yes')
    expect((await withSecret(secret, 'users', 'current')).code).not.toBe(0)
    const second = rotated.stdout.trim()
    expect((await withSecret(second, 'users', 'current')).code).toBe(0)

    expect((await run('tokens', 'revoke', 'nightly backup', '--yes')).stdout).toMatch(/^state +revoked$/m)
    expect((await withSecret(second, 'users', 'current')).code).not.toBe(0)
    const gone = await run('tokens', 'revoke', 'nightly backup', '--yes')
    expect([gone.code, gone.stderr]).toEqual([3, expect.stringContaining('tokens list')])
  })

  it('answers as JSON for programs', async () => {
    const { run } = await somebody()
    const unasked = await run('tokens', 'create', 'ci', '--json')
    expect([unasked.code, unasked.failure().message]).toEqual([2, expect.stringContaining('everything that its user may, for 90 days.')])
    const made = await run('tokens', 'create', 'ci', '--yes', '--json')
    expect(made.json()).toEqual({
      token: expect.objectContaining({ name: 'ci', state: 'active' }),
      secret: expect.stringMatching(/^dnz_api_/),
    })
  })
})
