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

  it('what is suggested next works with any scopes, and says what they are', async () => {
    const { user, run } = await somebody()
    const secret = (await run('tokens', 'create', 'nightly backup', '--scopes', 'users.updateCurrent')).stdout.trim()
    const whoami = await withSecret(secret, 'whoami')
    expect([whoami.code, whoami.stdout]).toEqual([0, expect.stringMatching(/^scopes +users\.updateCurrent$/m)])
    expect(whoami.stdout).toMatch(/^token until +\d{4}-/m)
    expect(whoami.stdout).not.toContain(user.user.email)
    const refused = await withSecret(secret, 'users', 'current')
    expect([refused.code, refused.stderr]).toEqual([4, expect.stringMatching(/What this one may do: (npx )?denizen whoami/)])
  })

  it.each([
    ['users', 'get', 'ada', 'To find the user "ada" by name, the scopes of this token have to include users.find.'],
    ['orgs', 'get', 'acme', 'To find the organization "acme" by name, the scopes of this token have to include organizations.list.'],
    ['tokens', 'get', 'backup', 'To find the token "backup" by name, the scopes of this token have to include tokens.list.'],
  ])('whose scopes do not let %s %s look a name up says so', async (group, verb, name, message) => {
    const { user } = await somebody()
    const { secret } = await user.as.tokens.create({ name: 'narrow', scopes: ['users.current'] })
    const answer = await withSecret(secret, group, verb, name)
    expect([answer.code, answer.stderr]).toEqual([4, expect.stringContaining(message)])
    expect(answer.stderr).toContain('next:  Name it by its id')
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
