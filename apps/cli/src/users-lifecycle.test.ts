import { describe, expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()
const run = (...line: string[]) => terminal.here(line, asAdmin())

interface User {
  readonly id: string
  readonly username: string
}

async function made(): Promise<User> {
  return (await run('users', 'create', '--username', `life-${crypto.randomUUID().slice(0, 8)}`, '--json')).json<User>()
}

describe('a user', () => {
  it('is archived and restored, held, promoted and demoted; each asks first where something is taken or given', async () => {
    const { username } = await made()
    for (const line of [
      ['archive', username],
      ['set-legal-hold', username, 'off'],
      ['promote', username],
      ['demote', username],
    ]) {
      const unasked = await run('users', ...line)
      expect([line, unasked.code, unasked.stderr]).toEqual([line, 2, expect.stringMatching(new RegExp(`${username}.*\\?[^]*--yes`))])
    }
    const archived = await run('users', 'archive', username, '--reason', 'left', '--yes')
    expect(archived.stdout).toMatch(/^status +archived$[^]*^can be restored until +\d{4}-/m)
    expect((await run('users', 'get', username)).stdout).toMatch(/^archived because +left$/m)
    const again = await run('users', 'set-status', username, 'active', '--json')
    expect([again.code, again.failure()]).toMatchObject([
      5,
      { code: 'users.archived', next: expect.stringContaining('users restore') as string },
    ])
    expect((await run('users', 'restore', username)).stdout).toMatch(/^status +active$/m)
    expect((await run('users', 'set-legal-hold', username, 'on', '--reason', 'case 17')).stdout).toMatch(/^legal hold +yes$/m)
    expect((await run('users', 'set-legal-hold', username, 'off', '--yes')).stdout).not.toContain('legal hold')
    expect((await run('users', 'set-legal-hold', username, 'maybe')).code).toBe(2)
    expect((await run('users', 'promote', username, '--yes')).stdout).toBe('The user is now a superadmin.\n')
    expect((await run('users', 'promote', username, '--yes')).stdout).toBe('The user was already a superadmin.\n')
    expect((await run('users', 'demote', username, '--yes')).stdout).toBe('The user is no longer a superadmin.\n')
  })

  it('in an incident is contained, with a report in tables that nothing in it can steer', async () => {
    const { world } = served()
    const victim = await world.signUp()
    const organizationId = await world.newOrganization()
    await world.join(organizationId, victim.user, 'admin')
    await victim.as.users.updateCurrent({ displayName: 'V' })
    const tricks = '\u001b[31m\u009b1m\u202e'
    await world.rows('update sessions set user_agent = ? returning id', [tricks])
    expect((await run('users', 'contain', victim.user.username)).code).toBe(2) // why?
    const line = ['users', 'contain', victim.user.username, '--reason', 'token in a paste']
    expect((await run(...line, '--dry-run', '--json')).json()).toMatchObject({ sessionsEnded: 1 })
    const { code, stdout } = await run(...line, '--yes')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^status +suspended: token in a paste$[^]*^sessions ended +1$/m)
    expect(stdout).toMatch(/^Memberships frozen\nORGANIZATION +NAME +ROLE\norg-\S+ +org-\S+ +admin$/m)
    expect(stdout).toMatch(/^Recent sessions\nSTARTED +ENDED +FROM +WITH\n\d{4}-.*\uFFFD$/m)
    expect(stdout).toMatch(/^Recent sign-ins\nAT +OUTCOME +FROM +WITH\n\d{4}-/m)
    expect(stdout).toMatch(/^Recent actions\nAT +ACTION +OUTCOME +TARGET +FROM\n[^]*users\.updateCurrent +succeeded/m)
    expect(stdout).toContain(`set-status ${victim.user.username} active --release-grants`)
    expect(stdout).not.toMatch(/[\u001b\u009b\u202e]/)
    const released = await run('users', 'set-status', victim.user.username, 'active', '--release-grants')
    expect(released.stdout).not.toContain('grants frozen')
  })

  it('has addresses, a container and switches as options of their own', async () => {
    const { username } = await made()
    const line = ['users', 'update', username, '--json']
    const set = [
      '--allowed-ips',
      '192.0.2.0/24, 2001:db8::/32',
      '--allowed-ips',
      '198.51.100.7',
      '--is-bot',
      '--container',
      '{"uid":7,"mainGid":8,"gids":[9]}',
    ]
    expect((await run(...line, ...set)).json()).toMatchObject({
      allowedIps: ['192.0.2.0/24', '198.51.100.7/32', '2001:db8::/32'],
      isBot: true,
      container: { uid: 7, mainGid: 8, gids: [9] },
    })
    expect((await run('users', 'get', username)).stdout).toMatch(/^container +uid 7, main gid 8, gids 9$/m)
    expect((await run(...line, '--no-is-bot', '--clear', 'allowed-ips', 'container')).json()).toMatchObject({
      allowedIps: [],
      isBot: false,
      container: null,
    })
    const wrong = await run(...line, '--allowed-ips', 'nowhere')
    expect([wrong.code, wrong.failure().message]).toEqual([2, expect.stringContaining('CIDR')])
  })

  it('changes what is its own', async () => {
    const { world, server } = served()
    const person = await world.signUp()
    const own = (...line: string[]) => terminal.here(line, { DENIZEN_URL: server.url, DENIZEN_TOKEN: person.token })
    expect((await own('users', 'update-current', '--display-name', '王小明')).stdout).toMatch(/^display name +王小明$/m)
    expect((await own('users', 'update-current', '--force')).stderr).toContain('Name something to change')
    const locked = await own('users', 'update-current', '--allowed-ips', '192.0.2.1', '--json')
    expect([locked.code, locked.failure()]).toMatchObject([
      5,
      { code: 'users.wouldLockOut', next: expect.stringContaining('--force') as string },
    ])
    await own('users', 'update-preferences', '{"theme":"dark","sidebar":{"open":true}}')
    const merged = await own('users', 'update-preferences', '{"theme":null}', '--json')
    expect(merged.json()).toMatchObject({ preferences: { sidebar: { open: true } } })
    expect((await own('users', 'update-preferences', '{')).stderr).toContain('<preferences> is not JSON')
  })
})

describe('the directory', () => {
  it('is filtered, sorted, searched and counted', async () => {
    const tag = `dir${crypto.randomUUID().slice(0, 8)}`
    for (const name of ['ada', 'bob', 'cem']) await run('users', 'create', '--username', `${tag}-${name}`, '--full-name', `Full ${name}`)
    const where = JSON.stringify({ username: { startsWith: tag } })
    const usernames = (stdout: string) => [...stdout.matchAll(new RegExp(`${tag}-(\\w+)`, 'g'))].map(([, name]) => name)
    const sorted = await run('users', 'list', '--where', where, '--sort-by', 'username', '--order', 'desc', '--total')
    expect([usernames(sorted.stdout), sorted.stderr]).toEqual([['cem', 'bob', 'ada'], '3 of 3 users\n'])
    expect((await run('users', 'count', '--where', where)).stdout).toBe('3\n')
    const found = await run('users', 'search', `${tag}-ad`)
    expect(found.stdout).toMatch(new RegExp(`^MATCH +USERNAME[^]*^prefix +${tag}-ada `, 'm'))
    expect((await run('users', 'search', `${tag}-ada`)).stdout).toMatch(/^exact +/m)
    expect((await run('users', 'search', `no one is called ${tag}`.repeat(3))).stdout).toBe('No users found.\n')
    const every = await run('users', 'search', tag, '--all', '--ndjson', '--limit', '1')
    expect(every.stdout.trimEnd().split('\n')).toHaveLength(3)
    const wrong = await run('users', 'list', '--where', '{"nope":1}', '--json')
    expect([wrong.code, wrong.failure().message]).toEqual([2, expect.stringContaining('where.nope')])
  })

  it('O9: more is said to be there only where there is more', async () => {
    const name = 'montgomery-fitzgerald'
    await run('users', 'create', '--username', name)
    const one = await run('users', 'search', name)
    expect([one.code, one.stdout, one.stderr]).toEqual([0, expect.stringContaining(name), ''])
    expect((await run('users', 'list', '--limit', '1')).stderr).toContain('There are more')
    // A letter is wrong: what is similar is on a page of its own.
    const wrong = 'montgomery-fitzgeraldo'
    await run('users', 'create', '--username', wrong)
    expect((await run('users', 'search', wrong)).stderr).toContain('There are more')
  })

  it('is drawn in bars, shows what somebody was up to, and who is signed in', async () => {
    const person = await served().world.signUp()
    const stats = await run('users', 'stats')
    expect(stats.stdout).toMatch(/^users +\d+$[^]*^New in the last\n24 hours +\d+ +█+$[^]*^By status\nactive +\d+ +█{30}$[^]*^By role\n/m)
    expect(stats.stdout).not.toContain('\u001b')
    expect((await terminal.here(['users', 'stats'], { ...asAdmin(), LC_ALL: 'C' })).stdout).toMatch(/^active +\d+ +#{30}$/m)
    expect((await run('users', 'activity', person.user.username)).stdout).toMatch(/^sessions +1 +1$[^]*^succeeded +1 +\d{4}-/m)
    const where = JSON.stringify({ username: person.user.username })
    expect((await run('users', 'list-with-sessions', '--where', where)).stdout).toMatch(
      new RegExp(`^${person.user.username} .* active +1 `, 'm'),
    )
  })
})
