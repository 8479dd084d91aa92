import { defineQuery } from '../../kernel/action.ts'
import { isGrantedEverywhere, callerId } from '../../kernel/actor.ts'
import { notFound } from '../../kernel/errors.ts'
import { idOf, idOrNull } from '../../kernel/id.ts'
import { cutPage, openCursor } from '../../kernel/page.ts'
import { granted } from '../../kernel/rule.ts'
import type { AnswerOf } from '../../kernel/signature.ts'
import { organizationRoles, grantOf, hasPermission, permissionsOf, grantsOf } from '../../grants/index.ts'
import { FactsReader } from '../facts/reader.ts'
import { resourcesOf, withoutConditions, type SubjectFacts } from '../facts/subjects.ts'
import { effectiveAssignmentsOf, isAllowedAt, grantsOfSubject, owns } from '../subjects.ts'
import { candidatesFor, type Candidate, type WhoCanQuestion } from './candidates.ts'
import { belongsTo, scopeOf, decisionRequestOf } from './decide.ts'
import { type Through, decisionsSignatures } from './signatures.ts'
import { anyScopeTarget } from './targets.ts'

const signature = decisionsSignatures.whoCan
type Item = AnswerOf<typeof signature>['items'][number]

export const whoCan = defineQuery(signature, {
  allow: granted,
  cachedTarget: anyScopeTarget,
  async handle({ open, now, actor, catalogue, decisions, ports }, { permission, on, limit, cursor }) {
    const cursorScope = {
      action: signature.name,
      filters: { permission, on },
      viewer: callerId(actor) ?? actor.kind,
    }
    let after = (await openCursor(ports.cipher, cursorScope, cursor))?.[0]?.toString() ?? null
    const scope = scopeOf(await decisions.load(decisionRequestOf(actor, { on })), on)
    if (scope === null) throw notFound({ type: anyScopeTarget.type })
    const em = await open()
    const reader = new FactsReader(em, 'now', now, decisions.roles)
    const seesEverybody = isGrantedEverywhere(actor, signature.name)
    const question = { catalogue, permission, scope, now, seesEverybody }
    const rows: Item[] = []
    // Nearly all candidates have the permission. Those who do not, because of separation of duty, are made up for by another round.
    for (let more = true; more && rows.length <= limit;) {
      const candidates = await candidatesFor(em, question, after, limit + 1)
      const facts = await reader.users(candidates.map(({ id }) => id))
      const byId = new Map(facts.map((each) => [each.userId, each]))
      rows.push(...candidates.flatMap((candidate) => itemOf(question, candidate, byId.get(candidate.id)) ?? []))
      after = candidates.at(-1)?.id ?? after
      more = candidates.length > limit
    }
    const { shown, nextCursor } = await cutPage(ports.cipher, cursorScope, { rows, limit, positionOf: ({ id }) => [id] })
    return { items: [...shown], nextCursor }
  },
})

/** null: the user does not have the permission. */
function itemOf(question: WhoCanQuestion, { id, username, displayName }: Candidate, facts: SubjectFacts | undefined): Item | null {
  if (facts === undefined) return null
  const { catalogue, permission, scope, now, seesEverybody } = question
  const may = (as: SubjectFacts) => isAllowedAt(grantsOfSubject(catalogue, as, { now, from: null }), as, permission, scope)
  if (!seesEverybody && !belongsTo({ ...facts, resources: resourcesOf(facts) }, scope)) return null
  const conditional = !may(facts)
  const as = conditional ? withoutConditions(facts) : facts
  return conditional && !may(as) ? null : { id, username, displayName, conditional, through: waysFor(question, as) }
}

/** All ways in which the user has the permission. */
function waysFor({ catalogue, permission, scope, now }: WhoCanQuestion, facts: SubjectFacts): Through[] {
  const counts = effectiveAssignmentsOf(facts, { now, from: null }).filter((assignment) =>
    grantsOf(catalogue, [grantOf(assignment)]).allows(permission, scope.organizationId, scope.path),
  )
  const given = counts.map(({ role, name, permission: single, team, scope }): Through => {
    const teamId = idOrNull('team', team)
    if (role === null) return { kind: 'permission', role: null, name: single, teamId, on: scope }
    return { kind: 'role', role: { id: idOf('rol', role), name: name ?? '' }, name: null, teamId, on: scope }
  })
  const membership = facts.memberships.find(({ organizationId }) => organizationId === scope.organizationId)
  const has = (patterns: readonly string[]) => hasPermission(permissionsOf(catalogue, patterns), catalogue, permission)
  if (membership !== undefined && has(organizationRoles[membership.role].permissions))
    given.push({ kind: 'membership', role: null, name: membership.role, teamId: null, on: 'organization' })
  if (owns(facts, scope) && isAllowedAt(grantsOf(catalogue, []), facts, permission, scope))
    given.push({ kind: 'ownership', role: null, name: null, teamId: null, on: 'resource' })
  return given
}
