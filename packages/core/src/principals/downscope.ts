import { grantsWithin, namesOf } from '../grants/index.ts'
import type { Catalogue } from '../kernel/signature.ts'
import type { Principal, SignedLimits } from '../kernel/actor.ts'
import type { Grants } from '../kernel/grants.ts'

/**
 * What is left of a principal for a signed token that was made from its credential.
 * One for a websocket opens that and no call; nobody proves with either who they are.
 */
export function downscope(catalogue: Catalogue, principal: Principal, signed: SignedLimits): Principal {
  const { kind, scopes, expiresAt } = signed
  const named = kind === 'websocket' ? noActions : scopes === null ? null : namesOf(catalogue, scopes)
  const allowedActions =
    named === null || principal.allowedActions === null
      ? (named ?? principal.allowedActions)
      : intersectionOf(named, principal.allowedActions)
  const patterns = kind === 'websocket' ? [] : scopes
  const within = (grants: Grants) => (patterns === null ? grants : grantsWithin(catalogue, grants, patterns))
  const end = (before: Date | null) => (before === null || before > expiresAt ? expiresAt : before)
  return Object.freeze({
    ...principal,
    credential: kind,
    allowedActions,
    scopes: scopes ?? principal.scopes,
    signed,
    grants: within(principal.grants),
    conditionalGrants:
      principal.conditionalGrants === null
        ? null
        : { from: (origin) => within(principal.conditionalGrants?.from(origin) ?? principal.grants) },
    recentAuthUntil: null,
    expiresAt: end(principal.expiresAt),
    validUntil: end(principal.validUntil),
  })
}

const noActions: ReadonlySet<string> = new Set()

function intersectionOf(left: ReadonlySet<string>, right: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...left].filter((name) => right.has(name)))
}
