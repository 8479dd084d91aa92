import { expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, terminal } = useServed()

interface Role {
  readonly id: string
  readonly name: string
  readonly permissions: readonly string[]
  readonly includes: readonly { readonly name: string }[]
}

/** An organization with somebody who runs it, and the commands of theirs. */
async function company() {
  const { world, server } = served()
  const slug = `acme-${crypto.randomUUID().slice(0, 8)}`
  const organizationId = await world.newOrganization(slug)
  const owner = await world.asMember(organizationId, 'owner')
  const environment = { DENIZEN_URL: server.url, DENIZEN_TOKEN: owner.token }
  const run = (...line: string[]) => terminal.here([...line, '--org', slug], environment)
  return { slug, organizationId, owner, run, alone: (...line: string[]) => terminal.here(line, environment) }
}

it('roles are made, found by their names, made of each other, listed and deleted', async () => {
  const { run, slug } = await company()
  const made = await run('roles', 'create', 'reader', '--permissions', 'document.read,document.list', '--json')
  expect([made.code, made.json<Role>()]).toMatchObject([0, { name: 'reader', permissions: ['document.list', 'document.read'] }])
  expect((await run('roles', 'create', 'writer', '--includes', 'reader')).stdout).toMatch(/^includes +reader$/m)
  await run('roles', 'create', 'editor')
  const parents = await run('roles', 'set-parents', 'editor', '--includes', 'writer,reader', '--json')
  expect(parents.json<Role>().includes.map(({ name }) => name)).toEqual(['reader', 'writer'])
  const circle = await run('roles', 'set-parents', 'reader', '--includes', 'editor')
  expect([circle.code === 0, circle.stderr]).toEqual([false, expect.stringContaining('reader → editor → reader')])
  expect((await run('roles', 'set-parents', 'editor', '--includes', '', '--json')).json<Role>().includes).toEqual([])

  expect((await run('roles', 'grant-permission', 'editor', 'document.delete')).stdout).toBe('The role now has the permission.\n')
  const slip = await run('roles', 'grant-permission', 'editor', 'users.lst')
  expect(slip.stderr).toContain('Did you mean users.list')
  const listed = await run('roles', 'list', '--including', 'reader')
  expect(listed.stdout).toMatch(new RegExp(`^writer +${slug} +- +reader +rol_\\w+$`, 'm'))
  expect(listed.stdout).not.toContain('editor')

  const unasked = await run('roles', 'delete', 'editor')
  expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('Delete the role editor')])
  expect((await run('roles', 'delete', 'editor', '--yes')).stdout).toBe('The role is deleted. It was assigned 0 times.\n')
  expect((await run('roles', 'create', 'reader')).stderr).toContain(`denizen roles list --org ${slug}`)
  const gone = await run('roles', 'get', 'editor')
  expect([gone.code, gone.stderr]).toEqual([3, expect.stringContaining('roles list --org')])
})

it('sets of roles are made of names, and a session chooses among its own', async () => {
  const { run, alone, slug, organizationId, owner } = await company()
  for (const name of ['payer', 'approver']) {
    const { id } = (await run('roles', 'create', name, '--json')).json<Role & { readonly id: `rol_${string}` }>()
    await served().world.access.give({ userId: owner.user.id, roleId: id, on: { organizationId } })
  }
  const broken = await run('access', 'create-exclusion', 'Pay or approve', '--kind', 'static', '--role', 'payer,approver')
  expect(broken.stderr).toContain('Separation of duty')
  const made = await run('access', 'create-exclusion', 'One hat', '--kind', 'dynamic', '--role', 'payer', '--role', 'approver', '--json')
  const { id } = made.json<{ readonly id: string }>()
  expect((await run('access', 'list-exclusions', '--role', 'payer')).stdout).toMatch(/^One hat +dynamic +2 +approver, payer +exc_\w+$/m)
  expect((await alone('access', 'list-active-roles')).stdout).toMatch(new RegExp(`^payer +contested +${slug} `, 'm'))
  expect((await run('access', 'activate-role', 'payer')).stdout).toBe('The role is now active in this session.\n')
  const both = await run('access', 'activate-role', 'approver')
  expect([both.code === 0, both.stderr]).toEqual([false, expect.stringContaining('payer')])
  expect((await run('access', 'deactivate-role', 'payer')).stdout).toBe('The role is no longer active in this session.\n')
  expect((await alone('access', 'delete-exclusion', id, '--yes')).stdout).toBe('The set is deleted.\n')
})
