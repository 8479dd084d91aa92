import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { User } from '@denizen/core/contract'
import { beforeAll, describe, expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()
const example = join(import.meta.dirname, '../../../examples/access-policy/policy.yaml')
const run = (...line: string[]) => terminal.here(['access', ...line], asAdmin())

interface Change {
  readonly changes: { readonly count: number }
}

let people: readonly User[]
beforeAll(async () => {
  const { world } = served()
  people = await Promise.all(
    ['dora', 'bob', 'carol', 'eve'].map((username) => world.newUser({ username, email: `${username}@example.com` })),
  )
  await newOrganization('acme')
})

/** What the example's organization has before the example is applied. */
async function newOrganization(slug: string): Promise<void> {
  const { world } = served()
  const organizationId = await world.newOrganization(slug)
  for (const user of people) await world.join(organizationId, user)
  const { id: teamId } = await world.asSystem().teams.create({ organizationId, name: 'Support' })
  const bob = people.find(({ username }) => username === 'bob')
  if (bob !== undefined) await world.asSystem().teams.addMember({ teamId, userId: bob.id })
  await world.access.newResource({ organizationId, type: 'folder', key: 'handbook' })
  await world.access.newRole({ organizationId, name: 'leftover', permissions: ['document.delete'] })
}

/** The example for an organization of a test's own, and what its plan says. */
async function newExample() {
  const slug = `acme${crypto.randomUUID().slice(0, 8)}`
  await newOrganization(slug)
  const text = readFileSync(example, 'utf8').replaceAll(/\bacme\b/g, slug)
  return { slug, text, file: terminal.write(`${slug}.yaml`, text), plan: planned.map((line) => line.replace(/\bacme\b/, slug)) }
}

describe('the example', () => {
  it('is planned: a line for every change, everybody who gains something, and the tests', async () => {
    const { file, plan } = await newExample()
    const before = await served().world.counts()
    const { code, stdout, stderr } = await run('plan', file)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.split('\n')).toEqual(plan)
    expect((await run('plan', file, '--exit-code')).code).toBe(1)
    expect((await run('apply', file, '--dry-run')).stdout).toBe(stdout)
    expect(await served().world.counts()).toEqual(before)
  })

  it('is a difference until it is applied, and none then', async () => {
    const { file, plan } = await newExample()
    expect((await run('diff', file)).code).toBe(0)
    const drift = await run('diff', file, '--exit-code')
    expect([drift.code, drift.stdout]).toEqual([1, `${plan.slice(0, 10).join('\n')}\n`])
    expect((await run('test', file, '--live')).code).toBe(1)

    const unasked = await run('apply', file)
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringMatching(/Make these changes \(10\)\?[^]*--yes/)])
    const { code, stdout } = await run('apply', file, '--yes')
    expect([code, stdout]).toEqual([0, `${plan.join('\n')}Done: 10 changes made.\n`])

    expect((await run('diff', file, '--exit-code')).stdout).toBe('Nothing to change: everything is as the file says.\n')
    const again = await run('apply', file, '--yes', '--json')
    expect([again.code, again.json<Change>().changes.count]).toEqual([0, 0])
  })

  it('passes its tests, each told in a line', async () => {
    const { slug, text, file, plan } = await newExample()
    expect((await run('apply', file, '--yes')).code).toBe(0)
    const { code, stdout } = await run('test', file, '--live')
    expect([code, stdout]).toEqual([0, `${plan.slice(18).join('\n')}`])
    const wrong = terminal.write('wrong.yaml', text.replace('cannot: invoice.pay', 'cannot: document.read'))
    const failed = await run('test', wrong)
    expect([failed.code, failed.stdout]).toEqual([
      1,
      expect.stringMatching(
        new RegExp(`^✗ dora cannot document\\.read in ${slug}: the role editor gives it$[^]*^9 tests, 1 failed\\.$`, 'm'),
      ),
    ])
    expect((await run('test', wrong, '--json')).json<{ failed: number }>().failed).toBe(1)
    const more = terminal.write('more.yaml', `${readFileSync(wrong, 'utf8')}`.replace('Reads documents', 'Reads'))
    expect(await run('apply', more, '--yes')).toMatchObject({ code: 5, stderr: expect.stringContaining('access.testsFailed') as unknown })
    expect((await run('apply', more, '--yes', '--skip-tests')).stdout).toContain('Done: 1 change made.')
    expect((await run('apply', file, '--yes')).stdout).toMatch(/^~ role viewer: "Reads documents"$/m)
  })

  it('comes out of an export, which changes nothing when it is applied', async () => {
    const { slug, file } = await newExample()
    expect((await run('apply', file, '--yes')).code).toBe(0)
    const { stdout } = await run('export', '--org', slug)
    expect(stdout).toMatch(new RegExp(`^version: 1\norganization: ${slug}\nroles:\n`))
    const exported = terminal.write(
      'exported.yaml',
      stdout.replace(`organization: ${slug}`, `organization: ${slug}\nmanage: [roles, exclusions, assignments]`),
    )
    const { code, stdout: told } = await run('diff', exported, '--exit-code')
    expect([code, told]).toEqual([0, 'Nothing to change: everything is as the file says.\n'])
    expect((await run('export', '--json')).json<{ organization?: string }>().organization).toBeUndefined()
  })
})

describe('a file with mistakes', () => {
  it('that are seen here is refused with every line', async () => {
    const file = terminal.write(
      'shape.yaml',
      'version: 2\norganization: acme\nroles:\n  editor:\n    permissions: [document read]\n    color: red\nassignments:\n  - { user: dora, team: Support, role: editor }\n',
    )
    const { code, stderr } = await run('apply', file, '--yes')
    expect(code).toBe(2)
    expect(
      stderr
        .split('\n')
        .filter((line) => line.includes(':') && !line.startsWith('next:'))
        .map((line) =>
          line
            .replace(/^error: /, '')
            .trim()
            .replace(file, 'shape.yaml'),
        ),
    ).toEqual([
      expect.stringMatching(/^shape\.yaml:1: version: /),
      expect.stringMatching(/^shape\.yaml:5: roles\.editor\.permissions\.0 \(document read\): a permission/),
      'shape.yaml:6: roles.editor.color (red): there is no such field',
      expect.stringMatching(/^shape\.yaml:8: assignments\.0: exactly one of user and team/),
    ])
  })

  it.each([
    ['roles:\n\teditor: {}\n', /:2: a line begins with a tab/],
    ['roles:\n  editor:\n    permissions: [a.b\n  x: 3\n', /:4: the indentation does not fit/],
    ['roles: {}\nroles: {}\n', /:2: the same name stands twice/],
    ['a: 1\n---\nb: 2\n', /:2: there is a second document/],
    ['roles:\n  editor: { permissions: [a.b]\n', /:2: the indentation does not fit the lines above, or a \[ or \{ is not closed/],
    ['roles:\n  editor: "abc\n\n\n', /:2: something is not finished: look for a missing quote/],
    ['permission: *x\n', /\*x refers to nothing/],
    [
      'version: 1\nroles:\n  editor: { permisions: [a.b] }\n',
      /:3: roles\.editor\.permisions: there is no such field; did you mean permissions\?/,
    ],
    ['hello', /:1: this is no access document/],
    ['', /:1: this is no access document/],
  ])('in its YAML is told in plain words, with the line and what to look at: %j', async (text, told) => {
    const { code, stderr } = await run('plan', terminal.write('bad.yaml', text))
    expect([code, stderr]).toEqual([2, expect.stringMatching(told)])
    expect(stderr).toMatch(/^next: .*denizen access export$/m)
    expect(stderr).not.toMatch(/flow|scalar|implicit|block|node|YAML\./i)
  })

  it('that only the server sees is refused with every line, also where names have dots', async () => {
    const file = terminal.write(
      'names.yaml',
      'version: 1\norganization: acme\nroles:\n  tiny.admin:\n    includes:\n      - nothing\n    permissions: [users.gett]\nassignments:\n  - user: kate\n    role: tiny.admin\n',
    )
    const { code, stderr, failure } = await run('plan', file, '--json')
    expect([code, failure().code]).toEqual([2, 'access.documentInvalid'])
    expect(failure().details['issues']).toEqual([
      { line: 6, path: 'roles.tiny.admin.includes.0 (nothing)', message: 'there is no such role' },
      { line: 7, path: 'roles.tiny.admin.permissions.0 (users.gett)', message: 'there is no such action: did you mean users.get?' },
      { line: 9, path: 'assignments.0.user (kate)', message: 'there is no such member of the organization' },
    ])
    expect(stderr).toContain(`${file}:9: assignments.0.user (kate)`)
    expect((await run('plan', file)).stderr).toMatch(/^next: .*denizen access export/m)
  })

  it.each([
    ['broken', 'version: 1\nroles: [\n', 'broken.yaml:'],
    ['twice', 'version: 1\nroles: {}\nroles: {}\n', 'twice.yaml:3: the same name stands twice at this level'],
    ['two', 'version: 1\n---\nversion: 1\n', 'two.yaml:2: '],
    ['empty', '', 'empty.yaml:1: '],
    ['list', '- 1\n', 'list.yaml:1: '],
    ['nowhere', 'version: 1\norganization: nowhere\n', 'There is no such organization'],
  ])('is refused: %s', async (name, text, told) => {
    const { code, stderr } = await run('diff', terminal.write(`${name}.yaml`, text))
    expect([code === 2 || code === 3, stderr]).toEqual([true, expect.stringContaining(told)])
  })

  it('that is not there, or made to fill the memory, is refused', async () => {
    expect(await run('diff', join(terminal.home, 'none.yaml'))).toMatchObject({ code: 3 })
    const lines = Array.from(
      { length: 30 },
      (_, index) => `x${index + 1}: &x${index + 1} [${Array.from({ length: 10 }, () => `*x${index}`).join(', ')}]`,
    )
    const bomb = terminal.write('bomb.yaml', `x0: &x0 [a, a]\n${lines.join('\n')}\n`)
    expect(await run('diff', bomb)).toMatchObject({ code: 2, stderr: expect.stringContaining('it refers to itself too often') as unknown })
  })
})

const planned = [
  '+ role viewer: document.read; "Reads documents"',
  '+ role editor: document.write; includes viewer; "Writes documents"',
  '+ role payer: invoice.pay',
  '+ role approver: invoice.approve',
  '- role leftover',
  '+ exclusion pay-and-approve: static, 2 of approver, payer',
  '+ dora: role editor in acme',
  '+ carol: role payer in acme until 2200-01-01T00:00:00.000Z',
  '+ team Support: role viewer on folder handbook',
  '+ eve: document.share in acme with two factors',
  '',
  '+ team Support gains document.read on folder handbook',
  '+ bob gains document.read on folder handbook',
  '+ carol gains invoice.pay in acme',
  '+ dora gains document.read, document.write in acme',
  '+ eve gains document.share in acme, under conditions',
  '4 users and 1 team gain or lose something.',
  '',
  '✓ dora can document.read in acme',
  '✓ dora can document.write in acme',
  '✓ dora cannot invoice.pay in acme',
  '✓ bob cannot document.read in acme',
  '✓ bob can document.read on folder handbook',
  '✓ carol can invoice.pay in acme',
  '✓ carol cannot invoice.approve in acme',
  '✓ eve cannot document.share in acme',
  '✓ eve can document.share in acme with two factors',
  '9 tests, all passed.',
  '',
]
