import { newId, uuidOf, type Id, type Orm, type Ports } from '@denizen/core'
import type { SqlEntityManager } from '@mikro-orm/sql'

interface NewRole {
  /** Whose it is; null, or nothing: the installation's. */
  readonly organizationId?: Id<'org'> | null
  readonly name?: string
  readonly permissions?: readonly string[]
  readonly includes?: readonly Id<'rol'>[]
}

interface Given {
  readonly userId?: Id<'usr'>
  readonly teamId?: Id<'team'>
  readonly roleId?: Id<'rol'>
  readonly permission?: string
  readonly on?: { readonly organizationId: Id<'org'> } | { readonly teamId: Id<'team'> } | { readonly resourceId: Id<'res'> }
  readonly validFrom?: Date
  readonly validUntil?: Date
  readonly condition?: Readonly<Record<string, unknown>>
}

interface NewResource {
  readonly organizationId?: Id<'org'> | null
  readonly ownerUserId?: Id<'usr'> | null
  readonly type?: string
  readonly key?: string
  readonly parentId?: Id<'res'>
}

let count = 0

/** Makes roles, grants and resources past every rule. Sessions that there are do not know of them yet. */
export class Grantor {
  readonly #orm: Orm
  readonly #ports: Ports

  constructor(orm: Orm, ports: Ports) {
    this.#orm = orm
    this.#ports = ports
  }

  async newRole({ organizationId = null, name = `role-${++count}`, permissions = [], includes = [] }: NewRole = {}): Promise<Id<'rol'>> {
    const id = this.#newId('rol')
    const organization = organizationId === null ? null : uuidOf(organizationId)
    await this.#execute('insert into roles (id, organization_id, name, built_in, created_at) values (?, ?, ?, false, ?)', [
      uuidOf(id),
      organization,
      name,
      this.#ports.clock.now(),
    ])
    for (const permission of permissions)
      await this.#execute('insert into role_permissions (role_id, permission, granted_at) values (?, ?, ?)', [
        uuidOf(id),
        permission,
        this.#ports.clock.now(),
      ])
    for (const included of includes) await this.#include(id, included)
    return id
  }

  async #include(id: Id<'rol'>, included: Id<'rol'>): Promise<void> {
    const [role, other] = [uuidOf(id), uuidOf(included)]
    await this.#execute(
      `insert into role_inclusions (role_id, role_home, included_id, included_home, added_at)
        select r.id, r.home, i.id, i.home, ?::timestamptz from roles r, roles i where r.id = ? and i.id = ?`,
      [this.#ports.clock.now(), role, other],
    )
    await this.#execute(
      `insert into role_closure (role_id, included_id)
        select ?::uuid, i from (select ?::uuid as i union select included_id from role_closure where role_id = ?) x on conflict do nothing`,
      [role, other, other],
    )
  }

  /** Gives somebody, or a team, a role or a permission: everywhere, or on one thing. */
  async give({ userId, teamId, roleId, permission, on, validFrom, validUntil, condition }: Given): Promise<Id<'asg'>> {
    const id = this.#newId('asg')
    const now = this.#ports.clock.now()
    const kind = on === undefined ? 'system' : 'organizationId' in on ? 'organization' : 'teamId' in on ? 'team' : 'resource'
    const [team, resource] = [
      on !== undefined && 'teamId' in on ? on.teamId : null,
      on !== undefined && 'resourceId' in on ? on.resourceId : null,
    ]
    const organization = on !== undefined && 'organizationId' in on ? uuidOf(on.organizationId) : null
    await this.#execute(
      `insert into role_assignments (id, subject_kind, user_id, team_id, team_organization_id, role_id, role_home, permission, scope_kind,
          organization_id, scope_team_id, resource_id, valid_from, valid_until, condition, granted_at)
        values (?, ?, ?, ?, (select organization_id from teams where id = ?), ?, coalesce((select home from roles where id = ?), '00000000-0000-0000-0000-000000000000'), ?, ?,
          coalesce(?::uuid, (select organization_id from teams where id = ?), (select organization_id from resources where id = ?)), ?, ?, ?, ?, ?, ?)`,
      [
        uuidOf(id),
        userId === undefined ? 'team' : 'user',
        orNull(userId),
        orNull(teamId),
        orNull(teamId),
        orNull(roleId),
        orNull(roleId),
        permission ?? null,
        kind,
        organization,
        orNull(team),
        orNull(resource),
        orNull(team),
        orNull(resource),
        validFrom ?? now,
        validUntil ?? null,
        condition === undefined ? null : JSON.stringify(condition),
        now,
      ],
    )
    return id
  }

  async newResource({ organizationId = null, ownerUserId = null, type = 'document', key, parentId }: NewResource): Promise<Id<'res'>> {
    const id = this.#newId('res')
    const now = this.#ports.clock.now()
    await this.#execute(
      `insert into resources (id, organization_id, type, key, parent_id, path, owner_user_id, owned_since, created_at, updated_at)
        values (?, ?, ?, ?, ?, array[?::uuid] || coalesce((select path from resources where id = ?), '{}'), ?, ?, ?, ?)`,
      [
        uuidOf(id),
        orNull(organizationId),
        type,
        key ?? null,
        orNull(parentId),
        uuidOf(id),
        orNull(parentId),
        orNull(ownerUserId),
        now,
        now,
        now,
      ],
    )
    return id
  }

  #newId<Prefix extends string>(prefix: Prefix): Id<Prefix> {
    return newId(prefix, this.#ports.clock.now(), this.#ports.random.bytes(10))
  }

  #execute(statement: string, parameters: readonly unknown[]): Promise<unknown> {
    return (this.#orm.em.fork() as SqlEntityManager).execute(statement, [...parameters], 'run')
  }
}

function orNull(id: string | null | undefined): string | null {
  return id === undefined || id === null ? null : uuidOf(id)
}
