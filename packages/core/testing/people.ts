import {
  completed,
  anonymousActor,
  assignEverywhere,
  builtInRoles,
  newId,
  systemActor,
  userActor,
  uuidOf,
  type Calls,
  type Core,
  type Id,
  type InputOf,
  type Orm,
  type Ports,
  type Signatures,
  type User,
} from '@denizen/core'
import type { SqlEntityManager } from '@mikro-orm/sql'
import { Grantor } from './access.ts'
import { crowdOf, type CrowdOptions } from './crowd.ts'
import type { SignedInUser } from './signed-in-user.ts'

export type { SignedInUser } from './signed-in-user.ts'

type OrganizationId = Id<'org'>
type BuiltInRoleName = keyof typeof builtInRoles
type NewUser = InputOf<Signatures['users']['create']>

/** The password of every user that is made here. */
export const password = 'correct horse battery staple'

let count = 0

/** An email address that nobody had before. */
export function newEmail(): string {
  return `person-${distinct()}@example.com`
}

/** Part of a name that nothing had before. It holds no word that a test searches for, nor eight digits, which one looks for in mails. */
function distinct(): string {
  const [random = 0] = crypto.getRandomValues(new Uint32Array(1))
  return `${++count}-u${String(random % 10_000_000).padStart(7, '0')}`
}

/** Makes people, and signs them in. */
export class People {
  /** Roles, grants and resources, past every rule. */
  readonly access: Grantor
  readonly #core: Core
  readonly #orm: Orm
  readonly #ports: Ports

  constructor(core: Core, orm: Orm, ports: Ports) {
    this.#core = core
    this.#orm = orm
    this.#ports = ports
    this.access = new Grantor(orm, ports)
  }

  /** Every action, as the operator of the machine. */
  asSystem(): Calls {
    return this.#core.as(systemActor('test'))
  }

  /** Every action, as nobody. */
  asAnonymous(): Calls {
    return this.#core.as(anonymousActor)
  }

  /** A user with the password above, and what else is asked for. */
  async newUser(input: Partial<NewUser> = {}): Promise<User> {
    const user = await this.asSystem().users.create({ email: newEmail(), password, ...input })
    if (user === null) throw new Error('users.create answered null without ifAbsent')
    return user
  }

  /** Signs a user in, as they would themselves. */
  async signIn(user: User, typed: string = password): Promise<SignedInUser> {
    const { accessToken } = completed(await this.asAnonymous().auth.signIn({ identifier: user.id, password: typed }))
    const principal = await this.#core.authenticate(accessToken)
    if (principal === null) throw new Error('a new token opens nothing')
    return { user, token: accessToken, principal, as: this.#core.as(userActor(principal)) }
  }

  /** A new user, signed in. */
  async signUp(input: Partial<NewUser> = {}): Promise<SignedInUser> {
    return this.signIn(await this.newUser(input))
  }

  /** So many people who are signed in, at a tenth of the cost; they have neither address nor password. */
  crowd(count: number, options?: CrowdOptions): Promise<SignedInUser[]> {
    return crowdOf({ people: this, core: this.#core, orm: this.#orm, ports: this.#ports }, count, options)
  }

  /** A new superadmin, signed in. */
  asSuperadmin(): Promise<SignedInUser> {
    return this.#signUpWith('superadmin')
  }

  /** A new user who may read everything and change nothing, signed in. */
  asMonitor(): Promise<SignedInUser> {
    return this.#signUpWith('monitor')
  }

  async #signUpWith(role: BuiltInRoleName): Promise<SignedInUser> {
    const user = await this.newUser()
    await this.grant(user, role)
    return this.signIn(user)
  }

  /** An organization without anybody in it, past every rule. */
  async newOrganization(slug = `org-${distinct()}`): Promise<OrganizationId> {
    const now = this.#ports.clock.now()
    const id = newId('org', now, this.#ports.random.bytes(10))
    await this.#execute(`insert into organizations (id, slug, name, status, created_at, updated_at) values (?, ?, ?, 'active', ?, ?)`, [
      uuidOf(id),
      slug,
      slug,
      now,
      now,
    ])
    return id
  }

  /** Makes a user a member, past every rule. Sessions that it has do not know of it yet. */
  async join(organizationId: OrganizationId, user: Pick<User, 'id'>, role: 'owner' | 'admin' | 'member' = 'member'): Promise<void> {
    const now = this.#ports.clock.now()
    const id = newId('mem', now, this.#ports.random.bytes(10))
    await this.#execute('insert into memberships (id, organization_id, user_id, role, created_at) values (?, ?, ?, ?, ?)', [
      uuidOf(id),
      uuidOf(organizationId),
      uuidOf(user.id),
      role,
      now,
    ])
  }

  /** A new member of an organization, signed in. */
  async asMember(organizationId: OrganizationId, role: 'owner' | 'admin' | 'member' = 'member'): Promise<SignedInUser> {
    const user = await this.newUser({ emailVerified: true })
    await this.join(organizationId, user, role)
    return this.signIn(user)
  }

  /** Makes an organization the proven owner of a domain, past every rule. */
  async ownDomain(organizationId: OrganizationId, domain: string): Promise<void> {
    const now = this.#ports.clock.now()
    await this.#execute(
      `insert into organization_domains (organization_id, domain, challenge, verified_at, created_at) values (?, ?, 'test', ?, ?)`,
      [uuidOf(organizationId), domain, now, now],
    )
  }

  /** A policy that limits nothing unless it is said, past every rule. */
  async newPolicy(name: string, limits: Readonly<Record<string, unknown>> = {}, isDefault = false): Promise<void> {
    const now = this.#ports.clock.now()
    await this.#execute(
      'insert into resource_policies (id, name, limits, is_default, created_at, updated_at) values (gen_random_uuid(), ?, ?, ?, ?, ?)',
      [name, JSON.stringify(limits), isDefault, now, now],
    )
  }

  #execute(statement: string, parameters: readonly unknown[]): Promise<unknown> {
    return (this.#orm.em.fork() as SqlEntityManager).execute(statement, [...parameters], 'run')
  }

  /** Gives a user a built-in role everywhere, past every rule. */
  async grant(user: User, role: BuiltInRoleName, validity: { validFrom?: Date; validUntil?: Date } = {}): Promise<void> {
    const em = this.#orm.em.fork() as SqlEntityManager
    const now = this.#ports.clock.now()
    const id = newId('asg', now, this.#ports.random.bytes(10))
    const row = assignEverywhere(em, { id, userId: user.id, roleId: builtInRoles[role].id, grantedBy: null, now })
    if (validity.validFrom !== undefined) row.validFrom = validity.validFrom
    if (validity.validUntil !== undefined) row.validUntil = validity.validUntil
    await em.flush()
  }
}
