import type { Action } from '../kernel/action.ts'
import type { Actor } from '../kernel/actor.ts'
import { noGrants } from '../kernel/grants.ts'
import type { RuleRequest, Target } from '../kernel/rule.ts'

/** A placeholder user: what is allowed to them is allowed to everybody who is signed in. */
const userId = 'usr_00000000000000000000000000' as const
const ownTarget: Target = { type: 'user', id: userId, organizationId: null, userId, visibleWith: 'users.get', accountGrants: [] }

/**
 * The actions that a user without any grant may call, at least on their own things:
 * a token may be made for them, although no role names them. The rules themselves are
 * asked, so no list has to be kept. A rule that wants more of the input than there is says no.
 */
export function selfServiceActions(actions: ReadonlyMap<string, Action>): ReadonlySet<string> {
  const somebody = { userId, grants: noGrants, roles: [], memberships: [], credential: 'access', sessionId: 'ses_', impersonator: null }
  const actor = { kind: 'user', principal: somebody } as unknown as Actor
  const isOwn = ({ allow, signature }: Action): boolean =>
    [null, ownTarget].some((target) => allows(allow, { actor, action: signature.name, target, input: {} }))
  return new Set([...actions].filter(([, action]) => isOwn(action)).map(([name]) => name))
}

function allows(allow: Action['allow'], request: RuleRequest): boolean {
  try {
    return allow(request)
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}
