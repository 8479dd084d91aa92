import {
  firstDocumentRole,
  folderSql,
  grantedIndexSql,
  membersEach,
  ownerSql,
  resourcesEach,
  roles,
  teamGrants,
  teamsEach,
  userGrants,
  folders,
  uuidSql,
  type Sizes,
} from './layout.ts'

/** Everything but sessions, each table in one statement: user n is member n / organizations of organization n % organizations. */
export function policyStatements(sizes: Sizes, roleOfEverybody: string): readonly string[] {
  return [...people(sizes), ...roleStatements, resources(sizes), ...grants(sizes, roleOfEverybody)]
}

function people({ users, organizations, guestsOfLarge }: Sizes): readonly string[] {
  const member = (n: string) => `${n} / ${organizations}`
  return [
    `insert into users (id, username, email, email_verified, display_name, folded_display_name, status, kind, preferences, created_at, updated_at)
      select ${uuidSql('usr', 'n')}, 'user-' || n, 'user-' || n || '@bench.example', true, 'User ' || n, 'user ' || n, 'active', 'human', '{}', now(), now()
        from generate_series(0, ${users - 1}) n`,
    `insert into organizations (id, slug, name, status, created_at, updated_at)
      select ${uuidSql('org', 'o')}, 'org-' || o, 'Organization ' || o, 'active', now(), now() from generate_series(0, ${organizations - 1}) o`,
    `insert into memberships (id, organization_id, user_id, role, created_at)
      select gen_random_uuid(), ${uuidSql('org', `n % ${organizations}`)}, ${uuidSql('usr', 'n')},
        case when ${member('n')} = 0 then 'owner' else 'member' end, now() from generate_series(0, ${users - 1}) n
      union all select gen_random_uuid(), ${uuidSql('org', '0')}, ${uuidSql('usr', 'n')}, 'member', now()
        from generate_series(1, ${guestsOfLarge}) n where n % ${organizations} <> 0`,
    `insert into teams (id, organization_id, name, created_at, updated_at)
      select ${uuidSql('team', `o * ${teamsEach} + t`)}, ${uuidSql('org', 'o')}, 'Team ' || t, now(), now()
        from generate_series(0, ${organizations - 1}) o, generate_series(0, ${teamsEach - 1}) t`,
    `insert into team_members (team_id, organization_id, user_id, created_at)
      select ${uuidSql('team', `o * ${teamsEach} + m % ${teamsEach}`)}, ${uuidSql('org', 'o')}, ${uuidSql('usr', `m * ${organizations} + o`)}, now()
        from generate_series(0, ${organizations - 1}) o, generate_series(0, ${membersEach - 1}) m`,
  ]
}

/** Two trees of a hundred: each role but the first of a tree includes the one above it. */
const included = `(case when k >= ${firstDocumentRole} then ${firstDocumentRole} else 0 end + (k % ${firstDocumentRole} - 1) / 4)`
const zeros = `'00000000-0000-0000-0000-000000000000'::uuid`
const roleStatements: readonly string[] = [
  `insert into roles (id, organization_id, name, built_in, created_at)
    select ${uuidSql('rol', 'k')}, null, 'bench-' || k, false, now() from generate_series(0, ${roles - 1}) k`,
  `insert into role_permissions (role_id, permission, granted_at)
    select ${uuidSql('rol', 'k')}, case when k < ${firstDocumentRole} then 'app.p' || k when k = ${firstDocumentRole} then 'document.read' else 'document.p' || k end, now()
      from generate_series(0, ${roles - 1}) k`,
  `insert into role_inclusions (role_id, role_home, included_id, included_home, added_at)
    select ${uuidSql('rol', 'k')}, ${zeros}, ${uuidSql('rol', included)}, ${zeros}, now() from generate_series(0, ${roles - 1}) k where k % ${firstDocumentRole} > 0`,
  `insert into role_closure (role_id, included_id)
    with recursive above as (select role_id, included_id from role_inclusions
      union select a.role_id, i.included_id from above a join role_inclusions i on i.role_id = a.included_id) select role_id, included_id from above`,
]

function resources({ organizations, resourcesOfLarge }: Sizes): string {
  const number = (index: string) => `(case when o = 0 then ${index} else ${resourcesOfLarge} + (o - 1) * ${resourcesEach} + ${index} end)`
  const id = (index: string) => uuidSql('res', number(index))
  return `insert into resources (id, organization_id, type, key, name, parent_id, path, owner_user_id, owned_since, created_at, updated_at)
    select ${id('i')}, ${uuidSql('org', 'o')}, case when i < ${folders} then 'folder' else 'document' end, 'r' || i, 'Resource ' || i,
        ${id('parent')}, array_remove(array[${id('i')}, ${id('parent')}, ${id('outer_one')}], null),
        ${uuidSql('usr', `owner * ${organizations} + o`)}, now(), now(), now()
      from (select o, i, parent, owner, (select ${folderSql} from (select parent as i) x where parent is not null) as outer_one
        from (select o, i, ${folderSql} as parent, ${ownerSql} as owner
          from (select 0 as o, i from generate_series(0, ${resourcesOfLarge - 1}) i
            union all select o, i from generate_series(1, ${organizations - 1}) o, generate_series(0, ${resourcesEach - 1}) i) a) b) c`
}

/** A role for everybody everywhere, one for each in their organization, grants of teams and of users on resources; and of guests on all of the large organization. */
function grants({ users, organizations, resourcesOfLarge, guestsOfLarge }: Sizes, roleOfEverybody: string): readonly string[] {
  const columns = `insert into role_assignments (id, subject_kind, user_id, team_id, team_organization_id, role_id, permission, scope_kind, organization_id, resource_id, valid_from, granted_at)`
  const none = 'null::uuid'
  const resource = (index: string) =>
    uuidSql('res', `(case when o = 0 then ${index} else ${resourcesOfLarge} + (o - 1) * ${resourcesEach} + ${index} end)`)
  const ofUser = (n: string, role: string, scope: string, organization: string, resourceId: string) =>
    `gen_random_uuid(), 'user', ${uuidSql('usr', n)}, ${none}, ${none}, ${role}, null, '${scope}', ${organization}, ${resourceId}, now(), now()`
  const everyOrganization = `generate_series(0, ${organizations - 1}) o`
  return [
    `${columns} select ${ofUser('n', `'${roleOfEverybody}'::uuid`, 'system', none, none)} from generate_series(0, ${users - 1}) n`,
    `${columns} select ${ofUser('n', uuidSql('rol', `(n * 7) % ${firstDocumentRole}`), 'organization', uuidSql('org', `n % ${organizations}`), none)} from generate_series(0, ${users - 1}) n`,
    `${columns} select ${ofUser('n', uuidSql('rol', String(firstDocumentRole)), 'organization', uuidSql('org', '0'), none)} from generate_series(1, ${guestsOfLarge}) n where n % ${organizations} <> 0`,
    `${columns} select gen_random_uuid(), 'team', ${none}, ${uuidSql('team', `o * ${teamsEach} + t`)}, ${uuidSql('org', 'o')},
        ${uuidSql('rol', `${firstDocumentRole} + (o + g) % ${roles - firstDocumentRole}`)}, null, 'resource', ${uuidSql('org', 'o')},
        ${resource(`(${folders} + t * ${teamGrants} + g)`)}, now(), now()
      from ${everyOrganization}, generate_series(0, ${teamsEach - 1}) t, generate_series(0, ${teamGrants - 1}) g`,
    `${columns} select ${ofUser(`m * ${organizations} + o`, uuidSql('rol', `${firstDocumentRole} + (m + g) % ${roles - firstDocumentRole}`), 'resource', uuidSql('org', 'o'), resource(`(${grantedIndexSql})`))}
      from ${everyOrganization}, generate_series(0, ${membersEach - 1}) m, generate_series(0, ${userGrants - 1}) g`,
  ]
}
