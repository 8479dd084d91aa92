import { byId, pseudonym, type HeldTable } from '../held.ts'

const zeros = `'00000000-0000-0000-0000-000000000000'::uuid`
const generated = 'made from the columns beside it'

/** What the person may do, owns and was. */
export const accessTables: Readonly<Record<string, HeldTable>> = {
  role_assignments: {
    purpose: 'The roles and permissions of the person, also those that have ended.',
    people: {
      user_id: 'the person',
      granted_by: 'who assigned it',
      revoked_by: 'who revoked it',
      condition: 'from which addresses it counts',
    },
    purge: { deleted: 't.user_id = {person}', gone: ['user_id', 'condition'], kept: { granted_by: pseudonym, revoked_by: pseudonym } },
    export: {
      found: 't.user_id = {person}',
      key: byId,
      shown: {
        id: 'asg',
        subject_kind: 'value',
        user_id: 'usr',
        role_id: 'rol',
        permission: 'value',
        scope_kind: 'value',
        organization_id: 'org',
        scope_team_id: 'team',
        resource_id: 'res',
        valid_from: 'time',
        valid_until: 'time',
        condition: 'value',
        granted_by: 'usr',
        granted_at: 'time',
        provider: 'value',
        revoked_by: 'usr',
        revoked_at: 'time',
      },
      also: { role: ['value', '(select r.name from roles r where r.id = t.role_id)'] },
      leftOut: { team_id: 'is of teams only', team_organization_id: 'is of teams only', role_home: generated, home: generated },
      inOrganization: 't.organization_id = {organization}',
    },
  },
  permission_uses: {
    purpose: 'When the person last used a permission, to the hour, for access reviews.',
    people: { user_id: 'the person' },
    purge: { deleted: 't.user_id = {person}', gone: ['user_id'] },
    export: {
      found: 't.user_id = {person}',
      key: { sql: `(t.permission || ' ' || t.home) collate "C"`, type: 'text' },
      shown: { user_id: 'usr', permission: 'value', last_used_at: 'time' },
      also: { organization_id: ['org', `nullif(t.home, ${zeros})`] },
      leftOut: { home: 'is said by organizationId' },
      inOrganization: 't.home = {organization}',
    },
  },
  request_windows: {
    purpose: 'How many calls the person made in a minute, where a policy limits them; kept for an hour.',
    people: { user_id: 'the person' },
    purge: { deleted: 't.user_id = {person}', gone: ['user_id'] },
    export: {
      found: 't.user_id = {person}',
      key: { sql: 't.started_at', type: 'timestamptz' },
      shown: { user_id: 'usr', started_at: 'time', taken: 'value' },
      leftOut: {},
    },
  },
  resources: {
    purpose: 'Things of applications that the person owns, created or deleted.',
    people: { owner_user_id: 'the owner', created_by: 'who registered it', deleted_by: 'who deleted it' },
    purge: {
      // Those that were deleted before. What the person still owns has been passed on by then, or deleted.
      deleted: 't.owner_user_id = {person} and t.organization_id is null',
      forgotten: [{ where: 't.owner_user_id = {person}', columns: { owner_user_id: 'null' } }],
      kept: { created_by: pseudonym, deleted_by: pseudonym },
    },
    export: {
      found: 't.owner_user_id = {person} or t.created_by = {person} or t.deleted_by = {person}',
      key: byId,
      shown: {
        id: 'res',
        organization_id: 'org',
        type: 'value',
        key: 'value',
        name: 'value',
        parent_id: 'res',
        owner_user_id: 'usr',
        owned_since: 'time',
        created_by: 'usr',
        created_at: 'time',
        updated_at: 'time',
        deleted_at: 'time',
        deleted_by: 'usr',
      },
      partly: [
        { columns: ['key', 'name'], where: 't.owner_user_id = {person}', why: 'is of the thing of another person or of an organization' },
      ],
      leftOut: { home: generated, path: 'says which things it is in', version: 'counts its changes' },
      inOrganization: 't.organization_id = {organization}',
    },
  },
  former_states: {
    purpose: 'What the person was before: memberships, seats in teams, statuses, and what they owned.',
    people: { subject_id: 'the person, of memberships, seats and statuses', value: 'the person, of ownerships' },
    purge: {
      deleted: `t.kind in ('membership', 'seat', 'userStatus') and t.subject_id = {person}`,
      gone: ['subject_id'],
      kept: { value: pseudonym },
    },
    export: {
      found: `((t.kind in ('membership', 'seat', 'userStatus') and t.subject_id = {person}) or (t.kind = 'ownership' and t.value = {person}::text))`,
      key: byId,
      shown: { kind: 'value', value: 'value', began_at: 'time', ended_at: 'time' },
      also: {
        organization_id: ['org', `case when t.kind = 'membership' then t.object_id end`],
        team_id: ['team', `case when t.kind = 'seat' then t.object_id end`],
        resource_id: ['res', `case when t.kind = 'ownership' then t.subject_id end`],
      },
      partly: [{ columns: ['value'], where: `t.kind <> 'ownership'`, why: 'is the person, where it was an owner' }],
      leftOut: {
        id: 'names the row only',
        subject_id: 'is the person, or said by resourceId',
        object_id: 'is said by organizationId or teamId',
      },
      inOrganization: `case t.kind when 'userStatus' then true when 'membership' then t.object_id = {organization}
        when 'seat' then exists (select from teams m where m.id = t.object_id and m.organization_id = {organization})
        else exists (select from resources r where r.id = t.subject_id and r.organization_id = {organization}) end`,
    },
  },
  role_permissions: {
    purpose: 'What roles permit, and who changed it.',
    people: { granted_by: 'who added the permission', revoked_by: 'who took it away' },
    purge: { kept: { granted_by: pseudonym, revoked_by: pseudonym } },
    export: 'it is about roles; that the person changed one is in their audit entries',
  },
  role_inclusions: {
    purpose: 'Which roles include others, and who changed it.',
    people: { added_by: 'who added it', removed_by: 'who took it away' },
    purge: { kept: { added_by: pseudonym, removed_by: pseudonym } },
    export: 'it is about roles; that the person changed one is in their audit entries',
  },
}
