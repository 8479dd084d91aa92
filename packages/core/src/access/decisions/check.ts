import { defineInquiry, defineQuery } from '../../kernel/action.ts'
import type { QueryContext, UseRecorder } from '../../kernel/context.ts'
import type { DecisionView, Scope } from '../../kernel/decisions.ts'
import { notFound } from '../../kernel/errors.ts'
import { anyOf, granted, signedIn } from '../../kernel/rule.ts'
import type { ParsedInputOf } from '../../kernel/signature.ts'
import { groupOf, groupsOf } from '../../grants/index.ts'
import { markImmutable } from '../../serialization/index.ts'
import {
  isCallerAllowed,
  isAboutCaller,
  isAllowed,
  visibleSubject,
  callerPermissions,
  scopeOf,
  decisionRequestOf,
  dependsOnAddress,
  type DecisionInput,
} from './decide.ts'
import { decisionsSignatures } from './signatures.ts'
import { aboutCaller, askedScopeTarget } from './targets.ts'
import { permissionsAt } from '../subjects.ts'

export const check = defineQuery(decisionsSignatures.check, {
  allow: anyOf(aboutCaller, granted),
  aboutCredential: true,
  cachedTarget: askedScopeTarget,
  immediate({ actor, catalogue, facts: cached, uses }, input) {
    const facts = cached(decisionRequestOf(actor, input))
    if (facts === undefined) return undefined
    const view = { catalogue, actor, facts }
    return dependsOnAddress(view) ? undefined : decide(view, input, uses)
  },
  handle: async (context, input) => decide(await viewOf(context, input), input, context.uses),
})

const yes = markImmutable({ allowed: true })
const no = markImmutable({ allowed: false })

function decide(view: DecisionView, input: ParsedInputOf<typeof decisionsSignatures.check>, uses: UseRecorder) {
  const { name } = decisionsSignatures.check
  const scope = askedScope(view, name, input)
  if (scope === null || !isAllowed(view, name, input, input.permission, scope)) return no
  if (scope !== nowhere) recordUse(view, uses, input, scope)
  return yes
}

export const checkMany = defineInquiry(decisionsSignatures.checkMany, {
  // Asking about others needs this permission in each scope; without it the answer is false.
  allow: signedIn,
  aboutCredential: true,
  async handle({ decisions, actor, catalogue }, { checks, ...asked }) {
    const { name } = decisionsSignatures.checkMany
    const facts = await decisions.load(
      decisionRequestOf(
        actor,
        asked,
        checks.map(({ on }) => on),
      ),
    )
    const view = { catalogue, actor, facts }
    const aboutThem = isAboutCaller(actor, asked)
    return {
      allowed: checks.map(({ permission, on }) => {
        const scope = visibleScope(view, name, asked, on)
        if (scope === null || !(aboutThem || isCallerAllowed(view, name, scope))) return false
        return isAllowed(view, name, asked, permission, scope)
      }),
    }
  },
})

export const listPermissions = defineQuery(decisionsSignatures.listPermissions, {
  allow: anyOf(aboutCaller, granted),
  aboutCredential: true,
  cachedTarget: askedScopeTarget,
  async handle(context, input) {
    const view = await viewOf(context, input)
    const scope = askedScope(view, decisionsSignatures.listPermissions.name, input)
    if (scope === null) return { permissions: [] }
    if (isAboutCaller(context.actor, input)) return { permissions: [...callerPermissions(view, scope)] }
    const subject = visibleSubject(view, decisionsSignatures.listPermissions.name, input, scope)
    const held = subject === null ? [] : permissionsAt(context.catalogue, subject.grantsFrom(null), subject, scope)
    return { permissions: [...held] }
  },
})

async function viewOf({ decisions, actor, catalogue }: QueryContext, asked: DecisionInput): Promise<DecisionView> {
  return { catalogue, actor, facts: await decisions.load(decisionRequestOf(actor, asked)) }
}

/**
 * The scope; null: it does not exist, and the caller asks about themselves. A caller who asks about others holds this permission
 * everywhere, and gets an error.
 */
function askedScope(view: DecisionView, action: string, asked: DecisionInput): Scope | null {
  const scope = visibleScope(view, action, asked, asked.on)
  if (scope === null && !isAboutCaller(view.actor, asked)) throw notFound({ type: askedScopeTarget.type })
  return scope
}

/** An organization without members. */
const nowhere: Scope = { kind: 'organization', organizationId: 'org_00000000000000000000000000', path: [], owners: [] }

/**
 * The scope; null: it does not exist. For a caller who asks about themselves and may not see everything, a missing scope looks like one
 * of another organization: what they may everywhere they may there too, so the answer must not reveal which scopes exist.
 */
function visibleScope({ actor, facts }: DecisionView, action: string, asked: DecisionInput, on: DecisionInput['on']): Scope | null {
  const scope = scopeOf(facts, on)
  if (scope !== null || !isAboutCaller(actor, asked) || actor.kind !== 'user') return scope
  return actor.principal.grants.allowsEverywhere(action) ? null : nowhere
}

/** Records the use of an application's permission. Uses of Denizen's own actions are recorded where they are called. */
function recordUse(
  { actor, catalogue }: DecisionView,
  uses: UseRecorder,
  asked: DecisionInput & { readonly permission: string },
  { organizationId }: Scope,
): void {
  if (groupsOf(catalogue).has(groupOf(asked.permission))) return
  const own = actor.kind === 'user' && actor.principal.impersonator === null ? actor.principal.userId : undefined
  const userId = isAboutCaller(actor, asked) ? own : asked.userId
  if (userId !== undefined) uses.note(userId, asked.permission, organizationId)
}
