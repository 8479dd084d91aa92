import { describe, expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()

interface Resource {
  readonly id: string
  readonly within: readonly string[]
  readonly ownerUserId: string | null
}

/** An organization with somebody who runs it, and a member. */
async function office() {
  const { world, server } = served()
  const slug = `acme-${crypto.randomUUID().slice(0, 8)}`
  const organizationId = await world.newOrganization(slug)
  const [boss, member] = [await world.asMember(organizationId, 'admin'), await world.asMember(organizationId)]
  const as =
    ({ token }: typeof boss) =>
    (...line: string[]) =>
      terminal.here(line, { DENIZEN_URL: server.url, DENIZEN_TOKEN: token })
  return { slug, member, boss: as(boss), theMember: as(member) }
}

describe('resources', () => {
  it('are registered, found by type and key, listed, shared, handed over and deleted', async () => {
    const { slug, boss, theMember, member } = await office()
    const { username } = member.user
    const org = ['--org', slug]
    const folder = await boss('resources', 'register', 'folder', 'plans', ...org, '--name', 'Plans', '--json')
    expect(folder.code).toBe(0)
    const { id } = folder.json<Resource>()
    const made = await boss('resources', 'register', 'document', 'q3', '--parent', 'folder:plans', ...org, '--json')
    expect(made.json<Resource>()).toMatchObject({ within: [id], ownerUserId: null })
    expect((await boss('resources', 'get', 'folder:plans', ...org)).stdout).toMatch(/^owner +the organization$/m)
    expect((await boss('resources', 'get', 'document:q3', ...org, '--json')).json()).toEqual(made.json())
    const listed = await boss('resources', 'list', ...org, '--within', 'folder:plans', '--total')
    expect(listed.stdout.split('\n')).toEqual([
      expect.stringMatching(/^TYPE +KEY +NAME +OWNER +REGISTERED +ID$/),
      expect.stringMatching(new RegExp(`^document +q3 .* ${made.json<Resource>().id}$`)),
      '',
    ])
    expect((await theMember('resources', 'get', 'document:q3', ...org)).code).toBe(3)
    const share = ['document:q3', '--user', username, '--permission', 'resources.get', ...org]
    expect((await boss('resources', 'grant', ...share)).stdout).toMatch(/^permission +resources\.get$/m)
    expect((await boss('resources', 'grant', ...share)).stdout).toContain('They already have it.')
    expect((await theMember('resources', 'get', 'document:q3', ...org)).code).toBe(0)
    expect((await boss('resources', 'revoke', ...share, '--yes')).stdout).toContain(`${username} no longer has it.`)
    expect((await boss('resources', 'transfer', 'document:q3', '--to', username, ...org, '--yes')).stdout).toContain(
      '1 resource transferred.',
    )
    expect((await theMember('resources', 'list', '--json')).json()).toMatchObject({ items: [{ key: 'q3' }] })
    expect((await boss('resources', 'update', 'document:q3', ...org, '--name', 'Third quarter')).stdout).toMatch(/^name +Third quarter$/m)
    expect((await boss('resources', 'delete', 'folder:plans', ...org, '--yes', '--json')).failure().code).toBe('resources.notEmpty')
    expect((await boss('resources', 'delete', 'folder:plans', ...org, '--recursive', '--dry-run')).stdout).toMatch(
      /^ {2}2 resources are deleted$/m,
    )
    const unasked = await boss('resources', 'delete', 'folder:plans', ...org, '--recursive')
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringMatching(/Delete folder:plans and everything inside it\?[^]*--yes/)])
    expect((await boss('resources', 'delete', 'folder:plans', ...org, '--recursive', '--yes')).stdout).toContain(
      '2 resources deleted, 0 grants',
    )
  })

  it('Found by a stranger: are shown with the names that were typed, and told by them where there is none', async () => {
    const { slug, boss, member } = await office()
    const org = ['--org', slug]
    await boss('resources', 'register', 'folder', 'plans', ...org)
    const inside = (await boss('resources', 'register', 'document', 'q3', '--parent', 'folder:plans', ...org)).stdout
    expect(inside).toMatch(new RegExp(`^organization +${slug}\\ninside +folder:plans$`, 'm'))
    const told = async (...line: string[]) => (await boss(...line, ...org)).stderr
    expect(await told('resources', 'register', 'folder', 'plans')).toContain(`denizen resources get folder:plans --org ${slug}`)
    const list = `denizen resources list --org ${slug}`
    const never = await told('access', 'explain', 'me', 'document.read', '--resource', 'document:fax')
    expect(never).toContain(`There is no resource "document:fax" in ${slug}.`)
    expect(never).toContain(list)
    const formless = await told('resources', 'get', 'inbox')
    expect(formless).toContain('Write it as type:key, for example folder:inbox.')
    expect(formless).toContain(list)
    const given = ['--user', member.user.username, '--permission', 'document.read', '--resource', 'document:q3', ...org]
    const assigned = await terminal.here(['access', 'grant-permission', ...given], asAdmin())
    expect(assigned.stdout).toMatch(new RegExp(`^on +document:q3 \\(${slug}\\)$`, 'm'))
  })

  it('of one’s own need no organization, and many are registered at once', async () => {
    const { theMember } = await office()
    const items = JSON.stringify([{ type: 'page', key: 'one' }, { type: 'page' }])
    expect((await theMember('resources', 'register-many', '--items', items)).stdout).toContain('2 resources are registered.')
    expect((await theMember('resources', 'get', 'page:one')).code).toBe(0)
    expect((await theMember('resources', 'register', 'page', 'one', '--json')).failure().code).toBe('resources.keyTaken')
    expect((await theMember('resources', 'register', 'page', 'one', '--if-absent')).stdout).toContain('nothing was registered')
  })

  it.each([
    ['resources get plans', 3, 'request.notFound', 'denizen resources list'],
    ['resources get document:never', 3, 'request.notFound', ''],
    ['resources update document:never', 2, 'cli.usage', 'denizen resources update --help'],
    ['resources register', 2, 'cli.usage', 'denizen resources register --help'],
  ])('that are not, in "%s": exit code %i', async (line, exitCode, code, next) => {
    const { theMember } = await office()
    const { code: ended, failure } = await theMember(...line.split(' '), '--json')
    expect([ended, failure().code]).toEqual([exitCode, code])
    expect(failure().next ?? '').toContain(next)
  })
})
