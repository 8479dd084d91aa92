import { describe, expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, terminal } = useServed()

describe('denizen access: giving and taking', () => {
  it('roles and permissions are given by name, listed, and taken away again', async () => {
    const { world } = served()
    const organizationId = await world.newOrganization('acme')
    const [boss, ada] = [await world.asMember(organizationId, 'owner'), await world.newUser({ username: 'ada-l' })]
    await world.join(organizationId, ada)
    await boss.as.teams.create({ organizationId, name: 'Support' })
    await world.access.newRole({ organizationId, name: 'editor', permissions: ['document.read'] })
    const env = { DENIZEN_URL: served().server.url, DENIZEN_TOKEN: boss.token }
    const run = (...line: string[]) => terminal.here(['access', ...line], env)

    const role = ['--user', 'ada-l', '--role', 'editor', '--org', 'acme']
    const given = await run('assign-role', ...role, '--until', '2999-01-01T00:00:00Z', '--second-factor')
    expect([given.code, given.stdout]).toEqual([0, expect.stringMatching(/^Assigned\.\n\nid +asg_\w+\nwho +ada-l\nwhat +role editor$/m)])
    expect(given.stdout).toMatch(/^on +acme$/m)
    const nobody = await run('assign-role', '--user', 'superadmin', '--role', 'editor', '--org', 'acme')
    expect(nobody.stderr).toContain('"superadmin"')
    expect(given.stdout).toMatch(/^until +2999-01-01.*\ncondition +two factors$/m)
    expect((await run('assign-role', ...role, '--until', '2999-01-01T00:00:00Z', '--second-factor')).stdout).toContain('Already assigned.')
    const conflict = await run('assign-role', ...role)
    expect([conflict.code, conflict.stderr]).toEqual([expect.any(Number), expect.stringContaining('Revoke that first')])
    const team = ['--team', 'Support', '--permission', 'ticket.*', '--org', 'acme', '--on-team', 'Support']
    const onTeam = await run('grant-permission', ...team, '--networks', '192.0.2.0/24,198.51.100.7', '--json')
    expect(onTeam.json()).toMatchObject({
      assigned: true,
      assignment: { scope: { kind: 'team' }, condition: { networks: ['192.0.2.0/24', '198.51.100.7/32'] } },
    })

    const listed = await run('list-assignments', '--org', 'acme', '--total')
    expect(listed.stdout).toMatch(/^WHO +WHAT +ON +STATE +UNTIL +FROM +CONDITION +ID$/m)
    expect(listed.stdout).toMatch(/^ada-l +role editor +acme +current /m)
    expect(listed.stdout).toMatch(/^team Support +ticket\.\* +team Support \(acme\) +current /m)
    expect((await run('list-assignments', '--org', 'acme', '--on-team', 'Support', '--json')).json()).toMatchObject({
      items: [{ permission: 'ticket.*' }],
    })

    expect((await run('unassign-role', ...role)).stderr).toContain('--yes')
    expect((await run('unassign-role', ...role, '--yes')).stdout).toMatch(/^Revoked\.$/m)
    const { items } = (await run('list-assignments', '--org', 'acme', '--json')).json() as { items: { id: string }[] }
    expect((await run('revoke-permission', items[0]?.id ?? '', '--yes')).code).toBe(0)
    expect((await run('list-assignments', '--org', 'acme')).stdout).toContain('No assignments found.')
    const history = (await run('list-assignments', '--org', 'acme', '--history', '--json')).json() as { items: { state: string }[] }
    expect(history.items.map(({ state }) => state)).toEqual(['revoked', 'revoked'])
    // Found by a stranger: what was revoked had "no end".
    const told = (await run('list-assignments', '--org', 'acme', '--history')).stdout
    expect(told.match(/ revoked +\d{4}-/g)).toHaveLength(2)
  })
})
