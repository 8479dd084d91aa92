import { expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()
const run = (...line: string[]) => terminal.here(line, asAdmin())

it('O5: an archived organization says how it comes back, and comes back', async () => {
  const owner = await served().world.signUp()
  const slug = `acme-${crypto.randomUUID().slice(0, 8)}`
  await run('orgs', 'create', 'Acme Inc.', '--slug', slug, '--owner', owner.user.username)
  const as = (...line: string[]) => terminal.here(line, { DENIZEN_URL: served().server.url, DENIZEN_TOKEN: owner.token })
  const question = await as('orgs', 'archive', slug)
  expect([question.code, question.stderr]).toEqual([
    2,
    expect.stringContaining('Only an administrator of the installation can restore it.'),
  ])
  expect((await as('orgs', 'archive', slug, '--yes')).code).toBe(0)
  const change = await run('orgs', 'update', slug, '--status', 'active')
  expect([change.code, change.stderr]).toEqual([5, expect.stringMatching(/is archived[^]*next: .*denizen orgs restore/)])
  const restored = await run('orgs', 'restore', slug)
  expect([restored.code, restored.stdout]).toEqual([0, expect.stringMatching(/status +active\nmembers who have it again +1\n/)])
  const again = await run('orgs', 'restore', slug)
  expect([again.code, again.stderr]).toEqual([5, expect.stringContaining('organizations.notArchived')])
  expect((await as('orgs', 'get', slug)).code).toBe(0)
})
