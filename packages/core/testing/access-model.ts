import { uuidOf, type Id } from '@denizen/core'
import type { SqlEntityManager } from '@mikro-orm/sql'
import type { ModelWorld, Span } from './access-model-reference.ts'

const zeros = '00000000-0000-0000-0000-000000000000'

/** Writes a world past every rule, as if all of it had been done by actions; `base` is its minute zero. */
export async function storeModel(em: SqlEntityManager, model: ModelWorld, base: Date): Promise<void> {
  const at = (minute: number) => new Date(base.getTime() + minute * 60_000)
  const ended = ({ end }: Span) => (end === null ? null : at(end))
  const insert = (table: string, columns: string, rows: readonly Readonly<Record<string, unknown>>[]) =>
    em.execute(
      `insert into ${table} (${columns}) select ${columns} from json_populate_recordset(null::${table}, ?::json)`,
      [JSON.stringify(rows)],
      'run',
    )
  const stamps = { created_at: base, updated_at: base }
  const last = <State extends Span>(states: readonly State[]) => states.find(({ end }) => end === null)
  const homeOf = (organization: Id<'org'> | null) => (organization === null ? zeros : uuidOf(organization))
  const orNull = (id: string | null) => (id === null ? null : uuidOf(id))

  await insert(
    'organizations',
    'id, slug, name, status, version, settings, created_at, updated_at',
    model.organizations.map(({ id, states }) => ({
      id: uuidOf(id),
      slug: id.slice(4),
      name: id,
      status: last(states)?.value,
      version: 1,
      settings: {},
      ...stamps,
    })),
  )
  await insert(
    'users',
    'id, username, status, kind, preferences, version, grants_frozen_at, public_metadata, private_metadata, allowed_ips, email_verified, need_password_change, need_factor, sudo_session_enabled, is_bot, is_scanner, legal_hold, created_at, updated_at',
    model.users.map(({ id, states }) => {
      const [status, frozen] = (last(states)?.value ?? '').split(' ')
      const flags = {
        email_verified: false,
        need_password_change: false,
        need_factor: false,
        sudo_session_enabled: false,
        is_bot: false,
        is_scanner: false,
        legal_hold: false,
      }
      const frozenAt = frozen === undefined ? null : base
      return {
        id: uuidOf(id),
        username: id,
        status,
        kind: 'human',
        preferences: {},
        version: 1,
        grants_frozen_at: frozenAt,
        public_metadata: {},
        private_metadata: {},
        allowed_ips: [],
        ...flags,
        ...stamps,
      }
    }),
  )
  await insert(
    'memberships',
    'id, organization_id, user_id, role, created_at, updated_at',
    model.memberships.flatMap(({ user, organization, states }) => {
      const now = last(states)
      const row = { id: crypto.randomUUID(), organization_id: uuidOf(organization), user_id: uuidOf(user), role: now?.value }
      return now === undefined ? [] : [{ ...row, created_at: at(states[0]?.begin ?? 0), updated_at: at(now.begin) }]
    }),
  )
  const organizationOf = new Map(model.teams.map(({ id, organization }) => [id, organization]))
  await insert(
    'teams',
    'id, organization_id, name, version, created_at, updated_at',
    model.teams.map(({ id, organization }) => ({ id: uuidOf(id), organization_id: uuidOf(organization), name: id, version: 1, ...stamps })),
  )
  await insert(
    'team_members',
    'team_id, user_id, organization_id, created_at',
    model.seats
      .filter(({ end }) => end === null)
      .map(({ team, user, begin }) => ({
        team_id: uuidOf(team),
        user_id: uuidOf(user),
        organization_id: orNull(organizationOf.get(team) ?? null),
        created_at: at(begin),
      })),
  )
  const former = (kind: string, subject: string, object: string | null, states: readonly (Span & { readonly value: string | null })[]) =>
    states
      .filter(({ end }) => end !== null)
      .map((state) => ({
        id: crypto.randomUUID(),
        kind,
        subject_id: uuidOf(subject),
        object_id: orNull(object),
        value: state.value,
        began_at: at(state.begin),
        ended_at: ended(state),
      }))
  await insert('former_states', 'id, kind, subject_id, object_id, value, began_at, ended_at', [
    ...model.organizations.flatMap(({ id, states }) => former('organizationStatus', id, null, states)),
    ...model.users.flatMap(({ id, states }) => former('userStatus', id, null, states)),
    ...model.memberships.flatMap(({ user, organization, states }) => former('membership', user, organization, states)),
    ...model.seats.flatMap((seat) => former('seat', seat.user, seat.team, [{ ...seat, value: null }])),
    ...model.resources.flatMap(({ id, owners }) =>
      former(
        'ownership',
        id,
        null,
        owners.map((state) => ({ ...state, value: orNull(state.value) })),
      ),
    ),
  ])
  await insert(
    'roles',
    'id, organization_id, name, built_in, version, created_at, updated_at',
    model.roles.map(({ id, organization }) => ({
      id: uuidOf(id),
      organization_id: orNull(organization),
      name: id,
      built_in: false,
      version: 1,
      ...stamps,
    })),
  )
  await insert(
    'role_permissions',
    'id, role_id, permission, granted_at, revoked_at',
    model.roles.flatMap(({ id, permissions }) =>
      permissions.map((span) => ({
        id: crypto.randomUUID(),
        role_id: uuidOf(id),
        permission: span.pattern,
        granted_at: at(span.begin),
        revoked_at: ended(span),
      })),
    ),
  )
  const roleHome = new Map(model.roles.map(({ id, organization }) => [id, homeOf(organization)]))
  await insert(
    'role_inclusions',
    'id, role_id, role_home, included_id, included_home, added_at, removed_at',
    model.roles.flatMap(({ id, includes }) =>
      includes.map((span) => ({
        id: crypto.randomUUID(),
        role_id: uuidOf(id),
        role_home: roleHome.get(id),
        included_id: uuidOf(span.role),
        included_home: roleHome.get(span.role),
        added_at: at(span.begin),
        removed_at: ended(span),
      })),
    ),
  )
  await em.execute(
    `with recursive c (role_id, included_id) as (select role_id, included_id from role_inclusions where removed_at is null and role_id = any(?::uuid[])
        union select c.role_id, i.included_id from c join role_inclusions i on i.role_id = c.included_id and i.removed_at is null)
      insert into role_closure select * from c`,
    [`{${model.roles.map(({ id }) => uuidOf(id)).join(',')}}`],
    'run',
  )
  await insert(
    'role_exclusions',
    'id, organization_id, name, kind, cardinality, version, created_at, updated_at',
    model.exclusions.map(({ id, organization, cardinality, begin }) => {
      const made = { created_at: at(begin), updated_at: at(begin) }
      return { id: uuidOf(id), organization_id: orNull(organization), name: id, kind: 'dynamic', cardinality, version: 1, ...made }
    }),
  )
  await insert(
    'role_exclusion_members',
    'exclusion_id, exclusion_home, role_id, role_home',
    model.exclusions.flatMap(({ id, organization, roles }) =>
      roles.map((role) => ({
        exclusion_id: uuidOf(id),
        exclusion_home: homeOf(organization),
        role_id: uuidOf(role),
        role_home: roleHome.get(role),
      })),
    ),
  )
  await insert(
    'sessions',
    'id, user_id, auth_methods, assurance, created_at, expires_at, last_seen_at, proved_at, activated_roles, dropped_roles',
    model.sessions.map(({ id, user, activated, dropped }) => ({
      id: uuidOf(id),
      user_id: uuidOf(user),
      auth_methods: [],
      assurance: 'aal2',
      created_at: base,
      expires_at: at(1_000),
      last_seen_at: base,
      proved_at: base,
      activated_roles: activated.map((role) => uuidOf(role)),
      dropped_roles: dropped.map((role) => uuidOf(role)),
    })),
  )
  const byId = new Map(model.resources.map((resource) => [resource.id, resource]))
  const pathOf = (id: Id<'res'>): string[] => {
    const parent = byId.get(id)?.parent ?? null
    return [uuidOf(id), ...(parent === null ? [] : pathOf(parent))]
  }
  await insert(
    'resources',
    'id, organization_id, type, key, parent_id, path, owner_user_id, owned_since, version, created_at, updated_at',
    model.resources.map(({ id, organization, parent, owners }) => ({
      id: uuidOf(id),
      organization_id: orNull(organization),
      type: 'document',
      key: id,
      parent_id: orNull(parent),
      path: pathOf(id),
      owner_user_id: orNull(last(owners)?.value ?? null),
      owned_since: at(last(owners)?.begin ?? 0),
      version: 1,
      ...stamps,
    })),
  )
  await insert(
    'role_assignments',
    'id, subject_kind, user_id, team_id, team_organization_id, role_id, role_home, permission, scope_kind, organization_id, scope_team_id, resource_id, valid_from, valid_until, condition, granted_at, revoked_at',
    model.assignments.map((given) => {
      const { id, subject, role, permission, on, from, until, condition } = given
      const team = subject.startsWith('team_') ? (subject as Id<'team'>) : null
      const kind = on === null ? 'system' : on.startsWith('org_') ? 'organization' : on.startsWith('team_') ? 'team' : 'resource'
      const organization =
        kind === 'organization'
          ? (on as Id<'org'>)
          : kind === 'team'
            ? organizationOf.get(on as Id<'team'>)
            : byId.get(on as Id<'res'>)?.organization
      return {
        id: uuidOf(id),
        subject_kind: team === null ? 'user' : 'team',
        user_id: team === null ? uuidOf(subject) : null,
        team_id: orNull(team),
        team_organization_id: team === null ? null : orNull(organizationOf.get(team) ?? null),
        role_id: orNull(role),
        role_home: role === null ? zeros : roleHome.get(role),
        permission,
        scope_kind: kind,
        organization_id: orNull(organization ?? null),
        scope_team_id: kind === 'team' ? orNull(on) : null,
        resource_id: kind === 'resource' ? orNull(on) : null,
        valid_from: at(from),
        valid_until: until === null ? null : at(until),
        condition,
        granted_at: at(given.begin),
        revoked_at: ended(given),
      }
    }),
  )
}
