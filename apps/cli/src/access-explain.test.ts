import { expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()
const run = (...line: string[]) => terminal.here(line, asAdmin())

/** A member who may read everything in an organization by a role that includes another. */
async function founded() {
  const { world } = served()
  const slug = `explained-${crypto.randomUUID().slice(0, 8)}`
  const organizationId = await world.newOrganization(slug)
  const { user } = await world.asMember(organizationId)
  const reader = await world.access.newRole({ organizationId, name: 'reader', permissions: ['document.*'] })
  const editor = await world.access.newRole({ organizationId, name: 'editor', includes: [reader] })
  await world.access.give({ userId: user.id, roleId: editor, on: { organizationId } })
  return { slug, user, organizationId }
}

it('access explain draws the chain as a small tree, and gives it to programs as data', async () => {
  const { slug, user } = await founded()
  const { code, stdout } = await run('access', 'explain', user.username, 'document.read', '--org', slug)
  expect(code).toBe(0)
  expect(stdout.split('\n')).toEqual([
    expect.stringMatching(new RegExp(`^Yes: ${user.username} may document\\.read on the organization ${slug}: `)),
    '',
    user.username,
    `└─ editor on organization ${slug}`,
    '   └─ includes reader',
    '      └─ has document.*',
    '',
  ])
  const asJson = await run('access', 'explain', user.username, 'document.read', '--org', slug, '--json')
  expect(asJson.json()).toMatchObject({
    allowed: true,
    because: [{ roles: [{ name: 'editor' }, { name: 'reader' }], pattern: 'document.*' }],
  })
})

it('of a denial it tells what would change it, the smallest first', async () => {
  const { slug, user } = await founded()
  const { code, stdout } = await run('access', 'explain', user.username, 'paper.read', '--org', slug)
  expect(code).toBe(0)
  expect(stdout).toMatch(new RegExp(`^No: ${user.username} may not paper\\.read`))
  expect(stdout).toMatch(
    new RegExp(
      `What would allow it, the smallest first:\\n {2}- give ${user.username} paper\\.read on the organization ${slug}; could be done by`,
    ),
  )
  const unknown = await run('access', 'explain', 'me', 'teams.lst', '--org', slug)
  expect(unknown.stdout).toMatch(/^No: There is no permission teams\.lst, .* Did you mean teams\.list,/)
})

it('access at tells of a time, access compare of two', async () => {
  const { slug, user } = await founded()
  const at = await run(
    'access',
    'at',
    '--time',
    '2100-01-01T00:00:00Z',
    '--user',
    user.username,
    '--permission',
    'document.read',
    '--org',
    slug,
  )
  expect(at.stdout).toMatch(new RegExp(`^Yes\\.\\n\\nuser +${user.username}\\nstatus +active\\nmember +member of ${slug}\\n`))
  expect(at.stdout).toContain(`  - is editor on the organization ${slug}`)
  const who = await run('access', 'at', '--time', '2100-01-01T00:00:00Z', '--permission', 'document.read', '--org', slug)
  expect(who.stdout).toContain(user.id)
  const before = await run(
    'access',
    'at',
    '--time',
    '2001-01-01T00:00:00Z',
    '--user',
    user.username,
    '--permission',
    'document.read',
    '--org',
    slug,
  )
  expect(before.stdout).toMatch(/did not exist at 2001-01-01 .*\.\n\nNo\.\n\nuser .*\nstatus +did not exist yet/)
  const compared = await run('access', 'compare', '--from', '2001-01-01T00:00:00Z', '--org', slug, '--permission', 'document.read')
  expect(compared.stdout).toContain(`${user.username} was given editor on the organization ${slug}`)
  expect(compared.stdout).toMatch(new RegExp(`\\n\\n${user.username}\\n {2}\\+ document\\.read\\n`))
})

it('access compare tells of whole areas in a word, and of every permission where that is asked for', async () => {
  const { world } = served()
  const slug = `compared-${crypto.randomUUID().slice(0, 8)}`
  const { user } = await world.asMember(await world.newOrganization(slug), 'owner')
  const line = ['access', 'compare', '--from', '2001-01-01T00:00:00Z', '--org', slug, '--user', user.username]
  const { stdout } = await run(...line)
  const gained = stdout
    .slice(stdout.indexOf(`\n\n${user.username}\n`))
    .trim()
    .split('\n')
  expect(gained).toContain('  + application')
  expect(gained).toContainEqual(expect.stringMatching(/^ {2}\+ all of .*roles, teams/))
  expect(gained.length).toBeLessThan(20)
  expect(stdout).not.toContain('roles.create')
  const verbose = (await run(...line, '--verbose')).stdout
  expect(verbose).toContain('\n  + roles.create\n')
  const [item] = (await run(...line, '--json')).json<{ items: { gained: string[] }[] }>().items
  expect(verbose.match(/^ {2}\+ /gm)).toHaveLength(item?.gained.length ?? 0)
  expect(item?.gained).toContain('roles.create')
})
