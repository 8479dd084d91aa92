import { raw, sql, type SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand, type TargetFinder } from '../kernel/action.ts'
import type { Actor } from '../kernel/actor.ts'
import type { CommandContext } from '../kernel/context.ts'
import { invalidInput } from '../kernel/errors.ts'
import { uuidOf, type Id } from '../kernel/id.ts'
import { allOf, anyOf, granted, owner, rule, type Target } from '../kernel/rule.ts'
import type { JsonObject } from '../kernel/json.ts'
import { existingUser, isActing, UserRow, type UserId } from '../users/index.ts'
import { slugReserved, tooManyOrganizations, userInactive } from './errors.ts'
import type { OrganizationId } from './model.ts'
import { administers, slugsFrom } from './rules.ts'
import { shownOrganization } from './queries.ts'
import { organizationsSignatures } from './signatures.ts'

interface NamesOwner {
  readonly ownerId?: UserId | undefined
}

/** The first owner, locked: of many organizations created at once, each sees the ones before it. */
const firstOwnerTarget = {
  type: 'user',
  locks: ({ ownerId }: NamesOwner, actor: Actor) =>
    ownerId !== undefined ? [ownerId] : actor.kind === 'user' ? [actor.principal.userId] : [],
  async find(em: SqlEntityManager, { ownerId }: NamesOwner): Promise<Target | null | undefined> {
    if (ownerId === undefined) return undefined
    const user = await em.findOne(UserRow, { id: ownerId })
    return user === null ? null : { type: 'user', id: ownerId, organizationId: null, userId: ownerId, visibleWith: 'users.get' }
  },
} satisfies TargetFinder<NamesOwner>

const forOneself = rule('for themselves', ({ input }) => (input as NamesOwner).ownerId === undefined)
const asAdministrator = rule('for anybody, as administrator of the installation', ({ actor }) => administers(actor))

export const createOrganization = defineCommand(organizationsSignatures.create, {
  allow: allOf(granted, anyOf(forOneself, owner, asAdministrator)),
  target: firstOwnerTarget,
  async handle(context, { name, slug, settings = {}, ownerId }) {
    const { em, actor, newId } = context
    const id = newId('org')
    const founder = await firstOwnerOf(context, ownerId)
    if (!administers(actor)) await requireOwnershipLimit(context, founder)
    const taken = await insertOrganization(context, { id, name, slugs: slugsFor(context, id, name, slug), settings, ownerId: founder })
    context.note({ target: { type: 'organization', id }, organizationId: id, changes: { slug: taken, ownerId: founder } })
    context.emit({
      type: 'organizations.created',
      subject: id,
      organizationId: id,
      payload: { organizationId: id, slug: taken, ownerId: founder },
    })
    context.invalidate(founder, { when: 'soon' })
    return shownOrganization(em, id)
  },
})

/** The first owner: the caller, or the user that an administrator names. The operator of the machine has no account to own it. */
async function firstOwnerOf({ em, actor }: CommandContext, ownerId: UserId | undefined): Promise<UserId> {
  const userId = ownerId ?? (actor.kind === 'user' ? actor.principal.userId : undefined)
  if (userId === undefined)
    throw invalidInput({ issues: [{ path: 'ownerId', message: 'name the first owner: you have no account of your own' }] })
  const { status } = await existingUser(em, userId)
  if (!isActing(status)) throw userInactive({ status })
  return userId
}

/** Suspended organizations count: they can come back. */
async function requireOwnershipLimit(context: CommandContext, userId: UserId): Promise<void> {
  const { maxOrganizations: limit } = await context.limits.ofUser(userId)
  if (limit === null) return
  const owned = await context.em.execute<unknown[]>(
    `select 1 from memberships m join organizations o on o.id = m.organization_id and o.status <> 'archived'
      where m.user_id = ? and m.role = 'owner' limit ?`,
    [uuidOf(userId), limit],
  )
  if (owned.length >= limit) throw tooManyOrganizations({ limit })
}

/** The requested slug, or two generated ones: a call does not fail for a slug that it did not name. */
function slugsFor(
  { settings, actor }: CommandContext,
  id: OrganizationId,
  name: string,
  asked: string | undefined,
): readonly [string, string] {
  const isReserved = (slug: string) => slug === settings.defaultOrganization && !administers(actor)
  if (asked !== undefined) {
    if (isReserved(asked)) throw slugReserved({})
    return [asked, asked]
  }
  const [wanted, other] = slugsFrom(name, id)
  return isReserved(wanted) ? [other, other] : [wanted, other]
}

interface NewOrganization {
  readonly id: OrganizationId
  readonly name: string
  readonly slugs: readonly [wanted: string, other: string]
  readonly settings: JsonObject
  readonly ownerId: Id<'usr'>
}

/** Writes an organization with its first owner, in one statement. Returns the slug it took. */
async function insertOrganization(
  { em, now, newId, actor }: CommandContext,
  { id, name, slugs: [wanted, other], settings, ownerId }: NewOrganization,
): Promise<string> {
  const createdBy = actor.kind === 'user' ? uuidOf(actor.principal.userId) : null
  const given = sql`select ${uuidOf(id)}::uuid as id, ${name}::text as name, ${JSON.stringify(settings)}::jsonb as settings, ${createdBy}::uuid as by,
    ${now}::timestamptz as at, ${wanted}::text as wanted, ${other}::text as other, ${uuidOf(newId('mem'))}::uuid as membership, ${uuidOf(ownerId)}::uuid as owner`
  const [row] = await em.execute<{ slug: string }[]>(sql`with given as (${given}), ${raw(insertion)}`)
  if (row === undefined) throw new TypeError('The insert of an organization returned no slug.')
  return row.slug
}

const columns = 'id, slug, name, status, settings, created_by, created_at, updated_at'

/** If the slug was taken, even a moment ago, the first insert writes no row; the second then uses the other slug, or fails with the conflict. */
const insertion = `first as (
    insert into organizations (${columns}) select id, wanted, name, 'active', settings, by, at, at from given
      on conflict (slug) do nothing returning id, slug),
  second as (
    insert into organizations (${columns}) select id, other, name, 'active', settings, by, at, at from given
      where not exists (select 1 from first) returning id, slug),
  organization as (select * from first union all select * from second),
  ownership as (
    insert into memberships (id, organization_id, user_id, role, created_at, updated_at)
      select given.membership, organization.id, given.owner, 'owner', given.at, given.at from organization, given)
  select slug from organization`
