import { completed } from '@denizen/core'
import { newEmail, password, type SignedInUser } from '@denizen/core/testing'
import { describe, expect, it } from 'vitest'
import { useServed } from './testing/served.ts'

const { served, asAdmin, terminal } = useServed()

interface Page<Item> {
  readonly items: readonly Item[]
  readonly nextCursor: string | null
}

interface Organization {
  readonly id: string
  readonly slug: string
}

const newSlug = () => `acme-${crypto.randomUUID().slice(0, 8)}`
const run = (...line: string[]) => terminal.here(line, asAdmin())
const envOf = (user: Pick<SignedInUser, 'token'>) => ({ DENIZEN_URL: served().server.url, DENIZEN_TOKEN: user.token })
/** What hostile names are made of: colours, another column, the other direction. */
const tricks = '\u001b[31m\u009b1m\u202e'
const shown = (text: string) => text.replaceAll(/[\u001b\u009b\u202e]/g, '\uFFFD')

/** Puts a hostile text where no action lets one in. */
async function spoil(table: string, column: string, key: string, value: string) {
  const folded = table === 'users' ? `, "folded_${column}" = ''` : ''
  await served().world.rows(`update "${table}" set "${column}" = ?${folded} where "${key}" = ? returning id`, [`王小明${tricks}`, value])
}

/** An organization whose owner is signed in. */
async function founded() {
  const slug = newSlug()
  const owner = await served().world.signUp({ emailVerified: true })
  await run('orgs', 'create', 'Acme Inc.', '--slug', slug, '--owner', owner.user.username)
  const as = (...line: string[]) => terminal.here(line, envOf(owner))
  return { slug, owner, as }
}

describe('an organization', () => {
  it('is made, shown by its slug, listed, changed and archived', async () => {
    const slug = newSlug()
    const made = await run('orgs', 'create', 'Acme Inc.', '--slug', slug, '--json')
    expect([made.code, made.json<Organization>()]).toMatchObject([0, { slug }])
    const { id } = made.json<Organization>()
    expect((await run('orgs', 'get', slug)).stdout).toMatch(/^name +Acme Inc\.$/m)
    expect((await run('orgs', 'get', id, '--json')).json()).toEqual((await run('orgs', 'get', slug.toUpperCase(), '--json')).json())
    const listed = await run('orgs', 'list', '--search', slug, '--total')
    expect(listed.stdout.split('\n')).toEqual([
      expect.stringMatching(/^SLUG +NAME +STATUS +MEMBERS +CREATED +ID$/),
      expect.stringMatching(new RegExp(`^${slug} +Acme Inc\\. +active +1 .* ${id}$`)),
      '',
    ])
    expect(listed.stderr).toContain('1 of 1 organizations')
    expect((await run('orgs', 'update', slug, '--seat-limit', '7', '--name', '艾克米')).stdout).toMatch(/^members +1 of 7$/m)
    expect((await run('orgs', 'update', slug, '--clear', 'seat-limit', '--json')).json()).toMatchObject({ seatLimit: null, name: '艾克米' })

    const unasked = await run('orgs', 'archive', slug)
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringMatching(new RegExp(`Archive ${slug}\\?[^]*--yes`))])
    const plan = (await run('orgs', 'archive', slug, '--dry-run')).stdout
    expect(plan).toMatch(/^ {2}1 member loses access$/m)
    expect(plan).toMatch(/^ {2}1 organization is archived$/m)
    expect((await run('orgs', 'archive', slug, '--yes')).stdout).toMatch(/^members who lost it +1$/m)
  })

  it.each([
    ['orgs get no-such-slug', 3, 'request.notFound', 'denizen orgs list'],
    ['orgs get org_1', 2, 'request.invalid', ''],
    ['orgs update no-such-slug', 2, 'cli.usage', 'denizen orgs update --help'],
    ['orgs switch', 2, 'cli.usage', 'denizen orgs list'],
    ['orgs switch acme --none', 2, 'cli.usage', ''],
    ['orgs create', 2, 'cli.usage', 'denizen orgs create --help'],
    ['orgs update-member acme ada boss', 2, 'cli.usage', 'denizen orgs update-member --help'],
    ['orgs accept-invitation', 2, 'cli.usage', 'denizen orgs accept-invitation --help'],
    ['teams create Support', 2, 'cli.usage', '--org'],
    ['teams list-members Support', 2, 'cli.usage', '--org'],
    ['teams list-members no-team --org default', 3, 'request.notFound', 'denizen teams list --org'],
  ])('that is not, in "%s": exit code %i', async (line, exitCode, code, next) => {
    const { code: ended, stdout, failure } = await run(...line.split(' '), '--json')
    expect([ended, stdout, failure().code]).toEqual([exitCode, '', code])
    expect(failure().next ?? '').toContain(next)
  })

  it('takes no second slug and ends with 5; a stranger is told of none and ends with 3', async () => {
    const { slug } = await founded()
    const taken = await run('orgs', 'create', 'Acme Inc.', '--slug', slug, '--json')
    expect([taken.code, taken.failure()]).toMatchObject([
      5,
      { code: 'organizations.slugTaken', next: expect.stringContaining('--slug') as string },
    ])
    const unseen = await terminal.here(['orgs', 'get', slug, '--json'], envOf(served().stranger))
    expect([unseen.code, unseen.failure().code]).toEqual([3, 'request.notFound'])
  })
})

describe('members', () => {
  it('are added, listed, given another role and taken out, by any of their names', async () => {
    const { slug, owner, as } = await founded()
    const [one, two] = [await served().world.newUser(), await served().world.newUser()]
    await spoil('users', 'display_name', 'username', two.username)
    expect((await run('orgs', 'add-member', slug, one.username, '--role', 'admin')).stdout).toMatch(/^role +admin$/m)
    expect((await run('orgs', 'add-member', slug, two.email ?? '', '--json')).json()).toMatchObject({ role: 'member' })
    const again = await run('orgs', 'add-member', slug, one.id, '--json')
    expect([again.code, again.failure()]).toMatchObject([
      5,
      { code: 'organizations.alreadyMember', next: expect.stringContaining(`orgs update-member ${slug} ${one.id}`) as string },
    ])

    const list = await as('orgs', 'list-members', slug, '--total') // an owner may ask for no user but through the organization
    expect([list.code, list.stderr]).toEqual([0, '3 of 3 members\n'])
    const [titles = '', ...rows] = list.stdout.trimEnd().split('\n')
    expect(titles).toMatch(/^USERNAME +EMAIL +NAME +ROLE +STATUS +MANAGED +JOINED +ID$/)
    expect(rows).toContainEqual(
      expect.stringMatching(
        new RegExp(`^${two.username} .* ${shown(`王小明${tricks}`).replace('[', '\\[')} +member +active +no .*${two.id}$`),
      ),
    )
    expect(list.stdout).not.toMatch(/[\u001b\u009b\u202e]/)

    expect((await as('orgs', 'update-member', slug, two.username, 'admin', '--json')).json()).toMatchObject({ role: 'admin' })
    expect((await as('orgs', 'remove-member', slug, one.username)).code).toBe(2) // nobody was there to ask
    expect((await as('orgs', 'remove-member', slug, one.email ?? '', '--yes')).stdout).toMatch(/^teams left +0$/m)
    const last = await as('orgs', 'remove-member', slug, owner.user.username, '--yes', '--json')
    expect([last.code, last.failure()]).toMatchObject([
      5,
      { code: 'organizations.lastOwner', next: expect.stringContaining(`orgs transfer-ownership ${slug}`) as string },
    ])
    const moved = await as('orgs', 'transfer-ownership', slug, two.username, '--yes')
    expect(moved.stdout).toMatch(new RegExp(`^${two.username} .* owner [^]*^${owner.user.username} .* admin `, 'm'))
    const denied = await as('orgs', 'archive', slug, '--yes', '--json')
    expect([denied.code, denied.failure().code]).toEqual([4, 'request.denied'])
  })

  it('are at most as many as there are seats', async () => {
    const { slug } = await founded()
    await run('orgs', 'update', slug, '--seat-limit', '1')
    const full = await run('orgs', 'add-member', slug, served().stranger.user.username, '--json')
    expect([full.code, full.failure()]).toMatchObject([
      5,
      { code: 'organizations.seatsTaken', next: expect.stringContaining('--seat-limit') as string },
    ])
  })
})

describe('domains', () => {
  it('tell the record to put into DNS, whole, until it is there', async () => {
    const { slug, as } = await founded()
    const domain = `${slug}.example`
    const added = await as('orgs', 'add-domain', slug, domain)
    const { domains } = (await as('orgs', 'list-domains', slug, '--json')).json<{
      domains: { record: { name: string; value: string } }[]
    }>()
    const { name = '', value = '' } = domains[0]?.record ?? {}
    expect(added.stdout).toMatch(new RegExp(`^TYPE +NAME +VALUE\nTXT +${name} +${value}$`, 'm'))
    expect(added.stdout).toContain(`orgs verify-domain ${slug} ${domain}`)
    const early = await as('orgs', 'verify-domain', slug, domain, '--json')
    expect([early.code, early.failure()]).toMatchObject([
      5,
      { code: 'organizations.domainNotProven', next: expect.stringContaining(`dig +short TXT ${name}`) as string },
    ])
    served().world.ports.resolver.records.set(name, [value])
    expect((await as('orgs', 'verify-domain', slug, domain)).stdout).toMatch(/^verified +\d{4}-/m)
    const listed = await as('orgs', 'list-domains', slug)
    expect(listed.stdout).toMatch(new RegExp(`^${domain} +\\d{4}-`, 'm'))
    expect(listed.stdout).not.toContain('TXT')
    expect((await as('orgs', 'remove-domain', slug, domain, '--yes')).code).toBe(0)
    expect((await as('orgs', 'list-domains', slug)).stdout).toBe('The organization has no domains.\n')
  })
})

describe('invitations', () => {
  it('go out by mail, are listed, looked at and accepted with the link, and an account is made', async () => {
    const { slug, as } = await founded()
    const [email, other] = [newEmail(), newEmail()]
    expect((await as('orgs', 'invite', slug, email, '--role', 'admin')).stdout).toMatch(/^state +pending$/m)
    await as('orgs', 'invite', slug, other)
    const revoked = await as('orgs', 'revoke-invitation', other, '--org', slug, '--yes')
    expect(revoked.stdout).toMatch(/^state +revoked$/m)
    const pending = await as('orgs', 'list-invitations', slug, '--state', 'pending')
    expect(pending.stdout).toMatch(new RegExp(`^${slug} +${email} +admin +pending `, 'm'))
    expect(pending.stdout).not.toContain(other)

    await served().world.work()
    const link = served().world.mailer.linkTo(email)
    const env = { DENIZEN_URL: served().server.url }
    const seen = await terminal.here(['orgs', 'view-invitation', '--token-stdin'], env, `${link}\n`)
    expect(seen.stdout).toMatch(/^password needed +yes$/m)
    const line = ['orgs', 'accept-invitation', '--token-stdin', '--password-stdin', '--username', slug]
    const accepted = await terminal.here(line, env, `${link}\n${password}\n`)
    expect([accepted.code, accepted.stdout]).toEqual([0, expect.stringMatching(new RegExp(`\\(${slug}\\) as admin\\..*denizen login`))])
    const signedIn = completed(await served().world.asAnonymous().auth.signIn({ identifier: slug, password }))
    expect((await as('orgs', 'list-members', slug)).stdout).toMatch(new RegExp(`^${signedIn.user.username} +${email} .* admin `, 'm'))
    const again = await terminal.here([...line, '--json'], env, `${link}\n${password}\n`)
    expect([again.code, again.failure().code]).toEqual([3, 'organizations.invitationInvalid'])
    const half = await terminal.here(line, env, link)
    expect([half.code, half.stderr]).toEqual([2, expect.stringContaining('2 lines: token, then password')])
  })

  it('to oneself are listed, and answered by the name of the organization', async () => {
    const { slug, as } = await founded()
    const guest = await served().world.signUp({ emailVerified: true })
    await as('orgs', 'invite', slug, guest.user.email ?? '')
    const asGuest = (...line: string[]) => terminal.here(line, envOf(guest))
    expect((await asGuest('orgs', 'list-invitations')).stdout).toMatch(new RegExp(`^${slug} +\\S+ +member +pending `, 'm'))
    expect((await asGuest('orgs', 'decline-invitation', slug)).code).toBe(2)
    expect((await asGuest('orgs', 'decline-invitation', slug, '--yes')).stdout).toContain('is declined')
    expect((await asGuest('orgs', 'accept-invitation', slug)).code).toBe(3)
    await as('orgs', 'invite', slug, guest.user.email ?? '')
    expect((await asGuest('orgs', 'accept-invitation', slug)).stdout).toContain('as member.')
    expect((await asGuest('orgs', 'list', '--json')).json<Page<Organization>>().items).toMatchObject([{ slug }])
  })

  it('without a mail server say which setting is missing', async () => {
    const { slug, as } = await founded()
    served().world.mailer.isConfigured = false
    try {
      const refused = await as('orgs', 'invite', slug, newEmail(), '--json')
      expect([refused.code, refused.failure()]).toMatchObject([
        1,
        { code: 'mail.notConfigured', next: expect.stringContaining('DENIZEN_SMTP_URL') as string },
      ])
    } finally {
      served().world.mailer.isConfigured = true
    }
  })
})

describe('the organization that a session works in', () => {
  it('is where names are looked up, until it is another', async () => {
    const { slug, as } = await founded()
    expect((await as('teams', 'create', 'Support')).stderr).toContain('Which organization?')
    expect((await as('orgs', 'switch', slug)).stdout).toBe(`This session now works in ${slug}, as owner.\n`)
    expect((await as('teams', 'create', 'Support')).code).toBe(0)
    const clerk = (await as('users', 'create', '--username', `${slug}-clerk`, '--org', slug, '--json')).json<{ id: string }>()
    expect((await as('users', 'get', `${slug}-clerk`, '--json')).json<{ id: string }>().id).toBe(clerk.id)
    expect((await as('orgs', 'switch', '--none')).stdout).toContain('no longer works in an organization')
    expect((await as('users', 'get', `${slug}-clerk`)).code).toBe(4)
  })
})

it('shows nothing that others typed to the terminal as it is', async () => {
  const { slug, owner, as } = await founded()
  await as('teams', 'create', slug, '--org', slug)
  await as('teams', 'add-member', slug, owner.user.username, '--org', slug)
  const { id } = (await as('orgs', 'get', slug, '--json')).json<Organization>()
  const team = (await as('teams', 'list', '--org', slug, '--json')).json<Page<{ id: string }>>().items[0]?.id ?? ''
  await as('orgs', 'invite', slug, newEmail())
  await as('orgs', 'add-domain', slug, `${slug}.example`)
  await served().world.work() // the mail has gone by the time that its address is spoiled
  await served().world.rows(
    `update invitations set email = ? where organization_id = (select id from organizations where slug = ?) returning id`,
    [tricks, slug],
  )
  await served().world.rows('update organization_domains set domain = ? where domain = ? returning domain', [tricks, `${slug}.example`])
  await spoil('organizations', 'name', 'slug', slug)
  await spoil('users', 'display_name', 'username', owner.user.username)
  await spoil('teams', 'name', 'name', slug)
  const lines = [
    ['orgs', 'get', id],
    ['orgs', 'list'],
    ['orgs', 'list-members', id],
    ['orgs', 'list-domains', id],
    ['orgs', 'list-invitations', id],
    ['orgs', 'switch', id],
    ['teams', 'list', '--org', id],
    ['teams', 'list-members', team],
    ['users', 'current'],
  ]
  for (const line of lines) {
    const { code, stdout } = await as(...line)
    expect([line, code]).toEqual([line, 0])
    if (line[1] !== 'switch' && line[1] !== 'current') expect(stdout).toContain('\uFFFD')
    for (const text of [stdout, (await as(...line, '--json')).stdout]) expect(text).not.toMatch(/[\u001b\u009b\u202e]/)
  }
})

describe('teams', () => {
  it('are made, filled, listed, renamed, emptied and deleted, by their names', async () => {
    const { slug, owner, as } = await founded()
    const inOrg = (...line: string[]) => as(...line, '--org', slug)
    expect((await inOrg('teams', 'create', 'Support', '--description', 'first level')).stdout).toMatch(/^members +0$/m)
    const same = await inOrg('teams', 'create', 'support', '--json')
    expect([same.code, same.failure().code]).toEqual([5, 'teams.nameTaken'])
    expect((await inOrg('teams', 'add-member', 'support', owner.user.username)).stdout).toContain('is now in the team')
    expect((await inOrg('teams', 'add-member', 'Support', owner.user.email ?? '')).stdout).toContain('already in the team')
    expect((await inOrg('teams', 'list', '--user', owner.user.username, '--total')).stdout).toMatch(/^Support +1 +first level /m)
    expect((await inOrg('teams', 'list-members', 'Support')).stdout).toMatch(new RegExp(`^${owner.user.username} .* owner `, 'm'))
    expect((await inOrg('teams', 'add-member', 'Support', served().stranger.user.id, '--json')).failure().code).toBe('request.notFound')
    await inOrg('teams', 'update', 'Support', '--name', '第一線', '--clear', 'description')
    const renamed = await inOrg('teams', 'list')
    expect(renamed.stdout).toMatch(/^第一線 +1 +- /m)
    expect((await inOrg('teams', 'remove-member', '第一線', owner.user.username, '--yes')).code).toBe(0)
    expect((await inOrg('teams', 'list-members', '第一線')).stdout).toBe('No members found.\n')
    expect((await inOrg('teams', 'delete', '第一線', '--dry-run')).stdout).toMatch(/^ {2}1 team is deleted$/m)
    expect((await inOrg('teams', 'delete', '第一線', '--yes')).stdout).toContain('It had 0 members')
    expect(await inOrg('teams', 'list', '--total')).toMatchObject({ stdout: 'No teams found.\n', stderr: '' })
  })
})
