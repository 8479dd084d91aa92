import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineQuery } from '../kernel/action.ts'
import type { Actor } from '../kernel/actor.ts'
import { idOf, idOrNull, uuidOf, uuidOrNull } from '../kernel/id.ts'
import { cutPage, openCursor } from '../kernel/page.ts'
import { credentialRule, granted, signedIn } from '../kernel/rule.ts'
import { optionalOrganizationTarget, unanswered, type MembershipRole, type OrganizationId } from '../organizations/index.ts'
import type { Invitation, InvitationId, InvitationState } from './model.ts'
import { invitationsSignatures } from './signatures.ts'

/** Anybody may list invitations to their own address; those of an organization take the permission there. */
const forMembersOrSelf = credentialRule(
  'anybody who is signed in, for their own attempts; of an organization, whoever holds the permission there',
  (request) => ((request.input as { organizationId?: OrganizationId }).organizationId === undefined ? signedIn(request) : granted(request)),
)

export const listInvitations = defineQuery(invitationsSignatures.listInvitations, {
  allow: forMembersOrSelf,
  target: optionalOrganizationTarget,
  async handle({ open, ports, actor, now }, { organizationId, limit, cursor, state }) {
    const viewer = organizationId ?? (actor.kind === 'user' ? actor.principal.userId : actor.kind)
    const scope = { action: invitationsSignatures.listInvitations.name, filters: { organizationId, state }, viewer }
    const position = await openCursor(ports.cipher, scope, cursor)
    const em = await open()
    const selection = organizationId === undefined ? toAddressOf(actor, now) : ofOrganization(organizationId, state, now)
    const rows = await newest(em, selection, now, position === null ? null : (String(position[0]) as InvitationId), limit)
    const { shown, nextCursor } = await cutPage(ports.cipher, scope, { rows, limit, positionOf: ({ id }) => [id] })
    return { items: [...shown], nextCursor }
  },
})

interface InvitationSelection {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

/** Pending invitations to the caller's verified address. The operator of the machine has none. */
function toAddressOf(actor: Actor, now: Date): InvitationSelection {
  return {
    sql: `i.email = (select u.email from users u where u.id = ?::uuid and u.email_verified) and o.status = 'active' and ${states.pending}`,
    parameters: [actor.kind === 'user' ? uuidOf(actor.principal.userId) : null, now],
  }
}

function ofOrganization(organizationId: OrganizationId, state: InvitationState | undefined, now: Date): InvitationSelection {
  const sql = state === undefined ? 'true' : states[state]
  return { sql: `i.organization_id = ? and ${sql}`, parameters: [uuidOf(organizationId), ...(sql.includes('?') ? [now] : [])] }
}

/** `stateOf` in SQL. */
const states: Readonly<Record<InvitationState, string>> = {
  pending: `${unanswered} and i.expires_at > ?`,
  expired: `${unanswered} and i.expires_at <= ?`,
  accepted: 'i.accepted_at is not null',
  declined: 'i.declined_at is not null',
  revoked: 'i.revoked_at is not null',
}

interface ListedRecord {
  id: string
  organization: string
  slug: string
  name: string
  email: string
  role: MembershipRole
  state: InvitationState
  invited_by: string | null
  created_at: number
  expires_at: number
}

type Listed = Invitation & { readonly organization: { readonly id: OrganizationId; readonly slug: string; readonly name: string } }

/** One page, newest first; one row more than asked tells whether there is another page. */
async function newest(
  em: SqlEntityManager,
  { sql, parameters }: InvitationSelection,
  now: Date,
  before: InvitationId | null,
  limit: number,
): Promise<Listed[]> {
  const rows = await em.execute<ListedRecord[]>(
    `select i.id::text as id, o.id::text as organization, o.slug, o.name, i.email, i.role, i.invited_by::text as invited_by,
        case when i.accepted_at is not null then 'accepted' when i.declined_at is not null then 'declined'
          when i.revoked_at is not null then 'revoked' when i.expires_at > ? then 'pending' else 'expired' end as state,
        (extract(epoch from i.created_at) * 1000)::float8 as created_at, (extract(epoch from i.expires_at) * 1000)::float8 as expires_at
      from invitations i join organizations o on o.id = i.organization_id
      where ${sql} and (?::uuid is null or i.id < ?::uuid) order by i.id desc limit ?`,
    [now, ...parameters, uuidOrNull(before), uuidOrNull(before), limit + 1],
  )
  return rows.map(listed)
}

function listed({ id, organization, slug, name, email, role, state, invited_by, created_at, expires_at }: ListedRecord): Listed {
  const organizationId = idOf('org', organization)
  return {
    id: idOf('inv', id),
    organizationId,
    organization: { id: organizationId, slug, name },
    email,
    role,
    state,
    invitedBy: idOrNull('usr', invited_by),
    createdAt: new Date(created_at),
    expiresAt: new Date(expires_at),
  }
}
