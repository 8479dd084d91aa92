import { grantsWithin, namesOf } from '../grants/index.ts'
import type { Catalogue } from '../kernel/signature.ts'
import type { Principal, SignedLimits } from '../kernel/context.ts'
import type { Grants } from '../kernel/grants.ts'

/**
 * What is left of a principal for a signed token that was made from its credential.
 * One for a websocket opens that and no call; nobody proves with either who they are.
 */
export function limitedTo(catalogue: Catalogue, principal: Principal, signed: SignedLimits): Principal {
  const { kind, scopes, expiresAt } = signed
  const named = kind === 'websocket' ? noReach : scopes === null ? null : namesOf(catalogue, scopes)
  const reach = named === null || principal.reach === null ? (named ?? principal.reach) : intersectionOf(named, principal.reach)
  const patterns = kind === 'websocket' ? [] : scopes
  const within = (grants: Grants) => (patterns === null ? grants : grantsWithin(catalogue, grants, patterns))
  const end = (before: Date | null) => (before === null || before > expiresAt ? expiresAt : before)
  return Object.freeze({
    ...principal,
    credential: kind,
    reach,
    scopes: scopes ?? principal.scopes,
    signed,
    grants: within(principal.grants),
    elsewhere: principal.elsewhere === null ? null : { from: (origin) => within(principal.elsewhere?.from(origin) ?? principal.grants) },
    provedUntil: null,
    expiresAt: end(principal.expiresAt),
    validUntil: end(principal.validUntil),
  })
}

const noReach: ReadonlySet<string> = new Set()

function intersectionOf(left: ReadonlySet<string>, right: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...left].filter((name) => right.has(name)))
}
