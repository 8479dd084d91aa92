import { uuidOf } from '@denizen/core'
import { expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()
const run = (...line: string[]) => terminal.here(line, asAdmin())

/** An organization in which somebody was given something long ago. */
async function founded() {
  const { world } = served()
  const slug = `review-${crypto.randomUUID().slice(0, 8)}`
  const organizationId = await world.newOrganization(slug)
  const { user } = await world.asMember(organizationId)
  const id = await world.access.give({ userId: user.id, permission: 'document.read', on: { organizationId } })
  await world.rows(
    `update role_assignments set granted_at = now() - interval '200 days', valid_from = now() - interval '200 days' where id = ? returning 1`,
    [uuidOf(id)],
  )
  return { slug, user, id }
}

it('access review lists what nobody uses, since when that is known, and what takes it away', async () => {
  const { slug, user, id } = await founded()
  const { code, stdout, stderr } = await run('access', 'review', '--unused-days', '90', '--org', slug)
  expect(code).toBe(0)
  expect(stdout.split('\n')).toEqual([
    expect.stringMatching(/^KIND +NAME +OF +ON +LAST USED +SINCE +REVOKE WITH$/),
    expect.stringMatching(
      new RegExp(`^grant +document\\.read +${user.username}.* +the organization +never .* access\\.revokePermission ${id}$`),
    ),
    '',
  ])
  expect(stderr).toMatch(/Uses of permissions are recorded since \d{4}-\d\d-\d\d/)
  const asJson = await run('access', 'review', '--org', slug, '--kinds', 'grants', '--all', '--json')
  expect(asJson.json<{ items: unknown[]; recordedSince: string }>()).toMatchObject({
    items: [{ id }],
    recordedSince: expect.any(String) as string,
  })
  const { stdout: none } = await run('access', 'review', '--org', slug, '--kinds', 'tokens,roles')
  expect(none).toContain('No unused grants, roles or tokens found.')
})
