import type { ConditionalGrants, Grants } from './grants.ts'
import type { Id } from './id.ts'
import { mayActFrom } from './network.ts'
import type { Origin } from './origin.ts'

/** A step that a signed-in user has to complete first; until then the session is restricted. */
export type PendingStep = 'changePassword' | 'verifyEmail' | 'enrolFactor'

/** The kind of a credential. Each can be used for its own purpose only. */
type CredentialKind = 'access' | 'api' | 'websocket' | 'agent'

/** The user behind a valid credential, with everything that decisions need. Immutable. */
export interface Principal {
  readonly userId: Id<'usr'>
  /** null: the credential belongs to no session (API tokens). */
  readonly sessionId: Id<'ses'> | null
  /** The token that was presented, or that a signed token was issued for. */
  readonly tokenId: Id<'tok'>
  readonly credential: CredentialKind
  /** The actions that the credential is limited to; null: no limit. */
  readonly allowedActions: ReadonlySet<string> | null
  /** Its scopes as they were given; null: no limit. */
  readonly scopes: readonly string[] | null
  /** The limits of a signed token; null: the presented token is not a signed one. */
  readonly signed: SignedLimits | null
  readonly username: string
  readonly email: string | null
  readonly displayName: string | null
  readonly status: 'active' | 'temporary'
  /** Nobody knows whose account it is: it was made for the asking, without a name. */
  readonly isAnonymous: boolean
  readonly roles: readonly string[]
  readonly grants: Grants
  /** Grants with conditions on networks; null: there are none. `grants` does not include them until the address of the call is known. */
  readonly conditionalGrants: ConditionalGrants | null
  /** The active roles of its session, as UUIDs: see `access.activateRole`. */
  readonly activeRoles: { readonly activated: readonly string[]; readonly deactivated: readonly string[] }
  /** The roles and teams of its grants and the policies of its limits: a change of one of them invalidates it. */
  readonly dependencies: readonly string[]
  /** The user's rate limit, in calls per minute; null: none. */
  readonly requestsPerMinute: number | null
  /** The current organization of the session. It decides nothing: the organization that a call names does. */
  readonly organization: { readonly id: Id<'org'>; readonly slug: string } | null
  /** The user's memberships of active organizations. */
  readonly memberships: readonly PrincipalMembership[]
  /** CIDR blocks that the user may call from; empty: from anywhere. */
  readonly allowedIps: readonly string[]
  /** CIDR blocks of the token; all three have to allow the address. */
  readonly tokenIps: readonly string[]
  /** CIDR blocks that the impersonator may call from; empty: from anywhere, or there is none. */
  readonly impersonatorIps: readonly string[]
  /** Whether the impersonator, calling from an address, still has the permission that this impersonation needs; null: from any, or there is none. */
  readonly impersonatorMayActFrom: ((origin: Pick<Origin, 'ip' | 'remote'>) => boolean) | null
  readonly assurance: 'aal1' | 'aal2'
  readonly pendingSteps: readonly PendingStep[]
  /** Until when authentication counts as recent, which sensitive changes need. null: this credential cannot have it. */
  readonly recentAuthUntil: Date | null
  /** The user who acts as this one (RFC 8693, `act`). */
  readonly impersonator: { readonly userId: Id<'usr'>; readonly username: string; readonly sessionId: Id<'ses'> } | null
  /** When the credential expires; null: until it is revoked. */
  readonly expiresAt: Date | null
  /** When its session expires, unless it is refreshed; null: without a session. */
  readonly sessionExpiresAt: Date | null
  /** When it may change by itself, because the session or a role expires. Not to be used after that. */
  readonly validUntil: Date
}

/** The limits of a signed token, besides those of the credential it was issued for. */
export interface SignedLimits {
  readonly kind: Extract<CredentialKind, 'websocket' | 'agent'>
  readonly scopes: readonly string[] | null
  readonly expiresAt: Date
}

/** A membership and its role. */
interface PrincipalMembership {
  readonly organizationId: Id<'org'>
  readonly role: 'owner' | 'admin' | 'member'
}

/** A caller without a credential. */
interface AnonymousActor {
  readonly kind: 'anonymous'
}

/** The operator of the machine, or Denizen itself. The reason goes into the audit entry. */
interface SystemActor {
  readonly kind: 'system'
  readonly reason: string
}

/** A user, through a credential. */
export interface UserActor {
  readonly kind: 'user'
  readonly principal: Principal
  /** The origin of the call, set by the pipeline. */
  readonly from?: Pick<Origin, 'ip' | 'remote'>
  /** The time of the call, set by the pipeline. */
  readonly at?: Date
}

export type Actor = AnonymousActor | SystemActor | UserActor

/** Whether nobody can say who calls: without a credential, or as an anonymous account, which anybody may open as often as they like. */
export function isStranger(actor: Actor): boolean {
  return actor.kind === 'anonymous' || (actor.kind === 'user' && actor.principal.isAnonymous && actor.principal.impersonator === null)
}

/** Whether it depends on the address of a call whether the credential is good for it: `mayCallFrom` has to be asked each time. */
export function isLimitedToAddresses({ allowedIps, tokenIps, impersonatorIps, impersonatorMayActFrom }: Principal): boolean {
  return allowedIps.length + tokenIps.length + impersonatorIps.length > 0 || impersonatorMayActFrom !== null
}

/** Whether a credential is good for calls from an address: the user, the token and the impersonator have to be allowed there. */
export function mayCallFrom(
  { allowedIps, tokenIps, impersonatorIps, impersonatorMayActFrom: impersonatorMay }: Principal,
  origin: Pick<Origin, 'ip' | 'remote'>,
): boolean {
  return (
    [allowedIps, tokenIps, impersonatorIps].every((ips) => mayActFrom(ips, origin)) && (impersonatorMay === null || impersonatorMay(origin))
  )
}

/** Whether the actor holds a permission everywhere: then they do it for the installation, and otherwise for an organization or themselves. */
export function isGrantedEverywhere(actor: Actor, permission: string): boolean {
  return actor.kind === 'system' || (actor.kind === 'user' && actor.principal.grants.allowsEverywhere(permission))
}

/** The user who calls; null: an anonymous caller or the system. */
export function callerId(actor: Actor): Id<'usr'> | null {
  return actor.kind === 'user' ? actor.principal.userId : null
}
