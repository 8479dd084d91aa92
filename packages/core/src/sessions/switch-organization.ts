import type { SqlEntityManager } from '@mikro-orm/sql'
import { defineCommand, type TargetFinder } from '../kernel/action.ts'
import type { Actor } from '../kernel/actor.ts'
import { ownSessionRequired, unauthenticated } from '../kernel/errors.ts'
import { allOf, rule, signedIn, type Target } from '../kernel/rule.ts'
import { membershipsOf, organizationTarget, organizationsSignatures, type OrganizationId } from '../organizations/index.ts'
import { SessionRow } from './entity.ts'

interface NamesOrganization {
  readonly organizationId: OrganizationId | null
}

/** One of the caller's own organizations: any other does not exist here, also for those who may see it. */
const ownOrganizationTarget = {
  type: 'organization',
  async find(em: SqlEntityManager, { organizationId }: NamesOrganization, actor: Actor): Promise<Target | null | undefined> {
    if (organizationId === null || actor.kind === 'system') return undefined
    const isMember = actor.kind === 'user' && actor.principal.memberships.some((own) => own.organizationId === organizationId)
    return isMember ? organizationTarget.find(em, { organizationId }) : null
  },
} satisfies TargetFinder<NamesOrganization>

const intoWhatIsThere = rule(
  'only to their own organizations',
  ({ actor, input, target }) => (input as NamesOrganization).organizationId === null || target !== null || actor.kind === 'system',
)

/** Changes only the session's organization: a call acts in the organization that it names. */
export const switchOrganization = defineCommand(organizationsSignatures.switch, {
  allow: allOf(signedIn, intoWhatIsThere),
  target: ownOrganizationTarget,
  async handle(context, { organizationId }) {
    const { em, actor } = context
    if (actor.kind !== 'user') throw unauthenticated({})
    const { sessionId, userId } = actor.principal
    if (sessionId === null) throw ownSessionRequired({})
    const session = await em.findOneOrFail(SessionRow, { id: sessionId })
    const before = session.organizationId
    if (before !== organizationId) {
      session.organizationId = organizationId
      context.invalidate(sessionId, { when: 'now' })
      await em.flush()
    }
    context.note({ organizationId, changes: { organizationId: [before, organizationId] } })
    const own = (await membershipsOf(em, userId)).find(({ organization }) => organization.id === organizationId)
    return { organization: own?.organization ?? null, role: own?.role ?? null }
  },
})
