import { anonymousActor, idOf, newId, userActor, uuidOf, type Actor, type Id, type User } from '@denizen/core'
import type { SignedInUser } from '@denizen/core/testing'
import type { SystemDatabase } from '../database.ts'
import { accessOf, holdersOf } from './grants.ts'

/** Somebody who calls. */
export interface Caller {
  readonly name: string
  readonly actor: Actor
  /** null: nobody. */
  readonly token: string | null
}

/** Ids of things, by their prefix, and texts that say whom or what is meant, by the name of the field that they go into. */
export type Things = Readonly<Record<string, readonly string[]>>

/** Two organizations, and everybody who has no business in the second. */
export interface Cast {
  /** What belongs to the first. */
  readonly own: Things
  /** What belongs to the second. */
  readonly foreign: Things
  /** What never was. */
  readonly unknown: Things
  /** Whoever must not learn of the second: every kind of caller without a grant everywhere. */
  readonly strangers: readonly Caller[]
  /** Whoever may know of it, to show that there is something to find. */
  readonly insiders: readonly Caller[]
  /** What gives the second organization away, wherever it is read. */
  canaries(): Promise<readonly string[]>
  /** Makes more of everything in the second. */
  grow(): Promise<void>
}

const canary = 'canary'
const domain = `${canary}.example`

export async function castOf(database: SystemDatabase): Promise<Cast> {
  const { people } = database
  const [ours, theirs] = [await people.newOrganization('ours'), await people.newOrganization(`${canary}-org`)]
  await people.ownDomain(ours, 'ours.example')
  await people.ownDomain(theirs, domain)
  const second = await populate(database, theirs, canary)
  const first = await populate(database, ours, 'ours')
  // Somebody whom the first manages, and who is in the second too.
  await people.join(theirs, first.managed)
  await between(database, theirs, first.managed)
  return {
    own: { ...first.things, identifier: [first.managed.id], search: ['ours'], query: ['ours'] },
    foreign: {
      ...second.things,
      identifier: [second.managed.id, `managed@${domain}`, `${canary}-managed`],
      search: [canary],
      query: [canary],
    },
    unknown: {
      ...neverIssued(),
      identifier: ['usr_01h455vb4pex5vsknk084sn02q', 'nobody@nowhere.example', 'never-was'],
      search: ['never-was'],
      query: ['never-was'],
    },
    strangers: [
      { name: 'nobody', actor: anonymousActor, token: null },
      callerOf('a user without organization', await people.signUp()),
      callerOf('a member', first.member),
      callerOf('an admin', first.admin),
      callerOf('an owner', first.owner),
      ...(await holdersOf(database, ours)).map(([name, holder]) => callerOf(name, holder)),
      callerOf('a removed member', await removed(database, theirs)),
      callerOf('a removed owner', await removed(database, theirs, 'owner')),
      callerOf('an anonymous user', await anonymousUser(database)),
    ],
    insiders: [
      callerOf('a superadmin', await people.asSuperadmin()),
      callerOf('their owner', second.owner),
      callerOf('their guest', second.guest),
      callerOf('their holder of roles', await people.signIn(second.managed)),
    ],
    canaries: () => canariesOf(database, theirs),
    grow: () => grow(database, theirs, { managed: second.managed, between: first.managed }),
  }
}

function callerOf(name: string, { principal, token }: SignedInUser): Caller {
  return { name, actor: userActor(principal), token }
}

/** An organization with people of every role, some that it manages, a team, invitations, and sessions of them all. */
async function populate(database: SystemDatabase, organizationId: Id<'org'>, name: string) {
  const { people } = database
  const system = people.asSystem()
  const roles = { owner: await joined('owner'), admin: await joined('admin'), member: await joined('member') }
  async function joined(role: 'owner' | 'admin' | 'member'): Promise<SignedInUser> {
    const user = await people.newUser({ username: `${name}-${role}`, fullName: `${name} ${role}`, email: `${name}-${role}@example.com` })
    await people.join(organizationId, user, role)
    return people.signIn(user)
  }
  const managed = await managedUser('managed', 'member')
  const others = [await managedUser('chief', 'owner'), await managedUser('boss', 'owner')]
  async function managedUser(title: string, role: 'member' | 'owner'): Promise<User> {
    const identity = { username: `${name}-${title}`, email: `${title}@${name}.example`, fullName: `${name} ${title}` }
    const user = await people.newUser({ ...identity, organizationId })
    if (role !== 'member') await system.organizations.updateMember({ organizationId, userId: user.id, role })
    const { as } = await people.signIn(user)
    for (const which of ['first', 'second']) await as.tokens.create({ name: `${name} ${which} token` })
    return user
  }
  const guest = await people.signUp({ username: `${name}-guest`, email: `${name}-guest@example.com`, emailVerified: true })
  const { id: teamId } = await system.teams.create({ organizationId, name: `${name} team` })
  const users = [managed, ...others].map(({ id }) => id)
  for (const userId of users) await system.teams.addMember({ teamId, userId })
  const invitation = await system.organizations.invite({ organizationId, email: `${name}-guest@example.com` })
  const bot = await system.users.create({ username: `${name}-bot`, kind: 'service', organizationId })
  const ofBot = await system.tokens.create({ name: `${name} token`, userId: bot?.id, organizationId })
  const things = {
    tok: [ofBot.token.id],
    psk: [await passkeyOf(database, bot?.id ?? managed.id)],
    idn: [await identityOf(database, managed.id)],
    org: [organizationId],
    usr: users,
    team: [teamId],
    inv: [invitation.id],
    ...(await accessOf(database, { organizationId, name, member: managed, teamId })),
    run: [await runOf(database, `${name} job`)],
    ses: [(await people.signIn(managed)).principal.sessionId ?? ''],
  }
  return { ...roles, managed, guest, things }
}

/** A passkey that is looked at and never used: its user signs in no other way than before. */
async function passkeyOf({ rows }: SystemDatabase, userId: Id<'usr'>): Promise<string> {
  const id = newId('psk', new Date(), crypto.getRandomValues(new Uint8Array(10)))
  await rows(
    `insert into passkeys (id, user_id, credential_id, public_key, counter, transports, name, backed_up, created_at)
      values (?, ?, ?, 'x', 0, '{}', 'Laptop', false, now()) returning 1`,
    [uuidOf(id), uuidOf(userId), id],
  )
  return id
}

/** Who somebody is to a provider. */
async function identityOf({ rows }: SystemDatabase, userId: Id<'usr'>): Promise<string> {
  const id = newId('idn', new Date(), crypto.getRandomValues(new Uint8Array(10)))
  await rows(
    `insert into identities (id, user_id, issuer, subject, profile, created_at)
      values (?, ?, 'https://accounts.example', ?, '{}', now()) returning 1`,
    [uuidOf(id), uuidOf(userId), id],
  )
  return id
}

/** A run of the installation's, of a job that nobody does. */
async function runOf({ rows }: SystemDatabase, job: string): Promise<string> {
  const id = newId('run', new Date(), crypto.getRandomValues(new Uint8Array(10)))
  await rows(`insert into job_runs (id, job, state, created_at) values (?, ?, 'queued', now()) returning 1`, [uuidOf(id), job])
  return id
}

const kinds = ['org', 'usr', 'tok', 'psk', 'idn', 'team', 'inv', 'ses', 'rol', 'asg', 'exc', 'res', 'pol', 'run']

function neverIssued(): Things {
  const fresh = (prefix: string): string[] => [1, 2, 3].map(() => newId(prefix, new Date(), crypto.getRandomValues(new Uint8Array(10))))
  return Object.fromEntries(kinds.map((prefix) => [prefix, fresh(prefix)]))
}

/** Somebody who was in the organization, and still has the session from then. */
async function removed(
  { people, core }: SystemDatabase,
  organizationId: Id<'org'>,
  role: 'owner' | 'member' = 'member',
): Promise<SignedInUser> {
  const leaver = await people.asMember(organizationId, role)
  await people.asSystem().organizations.removeMember({ organizationId, userId: leaver.user.id })
  const principal = await core.authenticate(leaver.token)
  if (principal === null) throw new Error('whoever leaves an organization stays signed in')
  return { ...leaver, principal }
}

/** There is no action yet that makes one. */
async function anonymousUser({ people, rows }: SystemDatabase): Promise<SignedInUser> {
  const user: User = await people.newUser()
  await rows(`update users set kind = 'anonymous', status = 'temporary', email = null where id = ?`, [uuidOf(user.id)])
  await rows('update role_assignments set role_id = (select id from roles where name = ?) where user_id = ?', [
    'anonymous',
    uuidOf(user.id),
  ])
  return people.signIn(user)
}

/** Its ids, those of its people and of all that is theirs, and the word in its names. */
async function canariesOf({ rows }: SystemDatabase, organizationId: Id<'org'>): Promise<readonly string[]> {
  const organization = uuidOf(organizationId)
  const found = await rows<{ prefix: string; id: string }>(
    `with people as (select id from users where username like '${canary}%')
      select 'usr' as prefix, id::text from people
      union all select 'ses', id::text from sessions where user_id in (select id from people)
      union all select 'tok', id::text from tokens where user_id in (select id from people)
      union all select 'psk', id::text from passkeys where user_id in (select id from people)
      union all select 'idn', id::text from identities where user_id in (select id from people)
      union all select 'mem', id::text from memberships where organization_id = ?
      union all select 'team', id::text from teams where organization_id = ?
      union all select 'inv', id::text from invitations where organization_id = ?
      union all select 'rol', id::text from roles where organization_id = ?
      union all select 'asg', id::text from role_assignments where organization_id = ? or user_id in (select id from people)
      union all select 'exc', id::text from role_exclusions where organization_id = ?
      union all select 'res', id::text from resources where organization_id = ? or owner_user_id in (select id from people)
      union all select 'pol', id::text from resource_policies where name like '${canary}%'
      union all select 'run', id::text from job_runs where job like '${canary}%'`,
    Array.from({ length: 7 }, () => organization),
  )
  return [canary, organizationId, organization, ...found.flatMap(({ prefix, id }) => [id, idOf(prefix, id)])]
}

/** What somebody whom the first organization manages has in the second: the first learns nothing of it. */
async function between({ people: { access } }: SystemDatabase, organizationId: Id<'org'>, { id: userId }: User): Promise<void> {
  const name = `${canary} guest ${++growths}`
  const roleId = await access.newRole({ organizationId, name, permissions: ['document.*'] })
  await access.give({ userId, roleId, on: { organizationId } })
  const resourceId = await access.newResource({ organizationId, ownerUserId: userId, type: 'document', key: name })
  await access.give({ userId, permission: 'document.read', on: { resourceId } })
}

let growths = 0

/** More of everything; and somebody of each organization joins another one. */
async function grow(database: SystemDatabase, organizationId: Id<'org'>, { managed, between: both }: { managed: User; between: User }) {
  const { people } = database
  const system = people.asSystem()
  const name = `${canary}-late-${++growths}`
  const late = await people.newUser({ username: name, email: `${name}@${domain}`, organizationId })
  await people.signIn(late)
  await people.signIn(managed)
  await system.users.create({ username: `${name}-bot`, kind: 'service', organizationId })
  await people.join(organizationId, await people.newUser({ username: `${name}-owner` }), 'owner')
  const { id: teamId } = await system.teams.create({ organizationId, name })
  for (const userId of [late.id, managed.id]) await system.teams.addMember({ teamId, userId })
  await system.organizations.invite({ organizationId, email: `${name}@example.com`, role: 'admin' })
  await people.ownDomain(organizationId, `${name}.${domain}`)
  await people.join(await people.newOrganization(`${name}-org`), both)
  await people.join(await people.newOrganization(`${name}-second-org`), managed)
  await accessOf(database, { organizationId, name, member: late, teamId })
  await between(database, organizationId, both)
  await runOf(database, `${name} job`)
}
