import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Ports } from '../ports/index.ts'
import type { Decisions } from './decisions.ts'
import type { DenizenError } from './errors.ts'
import type { DomainEvent, Job } from './event.ts'
import type { Id } from './id.ts'
import type { ConditionalGrants, Grants } from './grants.ts'
import type { Reader } from './select.ts'
import type { Target } from './rule.ts'
import type { Catalogue } from './signature.ts'
import type { JsonObject } from './text.ts'

/** A step that a signed-in user still owes; until it is done the session is restricted. */
export type PendingStep = 'changePassword' | 'verifyEmail' | 'enrolFactor'

/** What a caller shows. Each is good for its own purpose only. */
type CredentialKind = 'access' | 'api' | 'websocket' | 'agent'

/** The user behind a valid credential, with everything a decision needs. Immutable. */
export interface Principal {
  readonly userId: Id<'usr'>
  /** null: the credential stands for itself, without a sign-in (API tokens). */
  readonly sessionId: Id<'ses'> | null
  /** The token that was shown, or that a signed one was made from. */
  readonly tokenId: Id<'tok'>
  readonly credential: CredentialKind
  /** The only actions that the credential reaches; null: all that its user may do. */
  readonly allowedActions: ReadonlySet<string> | null
  /** The patterns that its reach comes from, as they were written. */
  readonly scopes: readonly string[] | null
  /** What a signed token says besides the one that it was made from; null: the token that was shown is no signed one. */
  readonly signed: SignedLimits | null
  readonly username: string
  readonly email: string | null
  readonly displayName: string | null
  readonly status: 'active' | 'temporary'
  readonly roles: readonly string[]
  readonly grants: Grants
  /** What is granted besides, from some networks only; null: nothing is. `grants` is without it until it is known where a call comes from. */
  readonly conditionalGrants: ConditionalGrants | null
  /** What its session chose of its user's roles, as UUIDs: see `access.activateRole`. */
  readonly activeRoles: { readonly activated: readonly string[]; readonly deactivated: readonly string[] }
  /** Roles and teams that its grants come from, and policies that its limits come from, for when those change. */
  readonly dependencies: readonly string[]
  /** Calls that its user may make in a minute; null: any number. */
  readonly requestsPerMinute: number | null
  /** The organization that the session is in now. It decides nothing: an organization that a call names does. */
  readonly organization: { readonly id: Id<'org'>; readonly slug: string } | null
  /** Every active organization that the user is a member of. */
  readonly memberships: readonly PrincipalMembership[]
  /** CIDR blocks that the user may act from; empty: from anywhere. */
  readonly allowedIps: readonly string[]
  /** The same of the token alone: both have to allow it. */
  readonly tokenIps: readonly string[]
  readonly assurance: 'aal1' | 'aal2'
  readonly pendingSteps: readonly PendingStep[]
  /** Until when a recent proof of who this is counts: sensitive changes want one. null: there is none, and none can be given. */
  readonly recentAuthUntil: Date | null
  /** Who really acts, when that is not the user. */
  readonly impersonator: { readonly userId: Id<'usr'>; readonly username: string } | null
  /** null: lasts until it is revoked. */
  readonly expiresAt: Date | null
  /** When this picture may change by itself (expiry of the session or of a role): not to be used after. */
  readonly validUntil: Date
}

/** What a signed token is limited to, beyond the credential that it was made from. */
export interface SignedLimits {
  readonly kind: Extract<CredentialKind, 'websocket' | 'agent'>
  readonly scopes: readonly string[] | null
  readonly expiresAt: Date
}

/** That a user belongs to an organization, and as what. */
interface PrincipalMembership {
  readonly organizationId: Id<'org'>
  readonly role: 'owner' | 'admin' | 'member'
}

/** Nobody in particular: a caller that showed no credential. */
interface AnonymousActor {
  readonly kind: 'anonymous'
}

/** The operator of the machine, or Denizen itself; the reason goes into the audit entry. */
interface SystemActor {
  readonly kind: 'system'
  readonly reason: string
}

interface UserActor {
  readonly kind: 'user'
  readonly principal: Principal
  /** Where the call at hand comes from; the pipeline says so. */
  readonly from?: Pick<Origin, 'ip' | 'remote'>
  /** When that is, by the same clock that everything else goes by; the pipeline says so. */
  readonly at?: Date
}

export type Actor = AnonymousActor | SystemActor | UserActor

/** Where a call came from. Every field is a fact of the transport, never of the payload. */
export interface Origin {
  readonly requestId: string
  readonly ip: string | null
  readonly userAgent: string | null
  /** It came over a network: then an address that is not known is none that anybody is allowed to act from. */
  readonly remote?: true
}

/** What passwords have to be like (NIST SP 800-63B-4: 3.1.1). */
interface PasswordSettings {
  /** Characters, where the password is the only factor. */
  readonly minimumAlone: number
  /** Characters, where a second factor is asked for too. */
  readonly minimumWithFactor: number
  /** How many former passwords may not come back; 0: any may. */
  readonly history: number
  /** Days after which a password has to be changed; null: never, as NIST wants it. */
  readonly maximumAgeDays: number | null
}

/** A provider whose word on who somebody is counts here. */
export interface IdentityProvider {
  /** What it is called in calls and links: `google`. */
  readonly id: string
  readonly kind: 'oidc' | 'clerk'
  /** The `iss` claim, exactly; its metadata is found below it (OpenID Connect Discovery 1.0). */
  readonly issuer: string
  /** What the `aud` claim (or, of Clerk, `azp`) has to be. */
  readonly audiences: readonly string[]
  /** For sign-in by redirect. */
  readonly client: { readonly id: string; readonly secret: string | null; readonly scopes: readonly string[] } | null
  /** Verifies the webhooks of Clerk; null: they are refused. */
  readonly webhookSecret: string | null
  /** The claim that names roles, and which roles of ours they are; others grant nothing. */
  readonly roles: { readonly claim: string; readonly mapped: Readonly<Record<string, string>> } | null
}

/** What an installation decides. */
export interface Settings {
  /** The organization that new users join; null: none. */
  readonly defaultOrganization: string | null
  /** Where people reach this installation, without a slash at its end: links in mails begin with it, never with what a request says. */
  readonly publicUrl: string
  /** How many organizations a user may own who creates them without being anybody's administrator. */
  readonly maxOwnedOrganizations: number
  /** Days after an archive within which a user can be restored. */
  readonly restoreDays: number
  /** Whether strangers may make accounts for themselves. */
  readonly signUp: 'open' | 'closed'
  /** Whether a session is restricted until its user has proved their address. */
  readonly requireVerifiedEmail: boolean
  /** Whose session is restricted until they have a second factor. */
  readonly requireFactor: 'nobody' | 'administrators' | 'everybody'
  /** Sessions that a user may have at once; null: any number. */
  readonly maxSessions: number | null
  /** What happens to a sign-in that would be one too many. */
  readonly sessionExcess: 'refuse' | 'evictOldest'
  /** Origins besides the public one whose pages may be sent people and call with cookies: `https://app.example.com`. */
  readonly allowedOrigins: readonly string[]
  /** Whom tokens for agents may be made for, besides Denizen itself: `https://api.example.com`. */
  readonly agentAudiences: readonly string[]
  readonly passwords: PasswordSettings
  /** Where users may come from besides: OpenID providers and Clerk. */
  readonly identityProviders: readonly IdentityProvider[]
}

/** A signed token to be made. */
export interface SigningOrder {
  readonly kind: SignedLimits['kind']
  /** Whom it is for; null: Denizen itself. */
  readonly audience: string | null
  /** null: what the credential reaches that it is made from. */
  readonly scopes: readonly string[] | null
}

/** What somebody shows, as far as it can be told without calling anything. */
export interface Inspected {
  readonly principal: Principal
  /** What a signed token says of itself; null: it is an opaque one. */
  readonly claims: { readonly id: string; readonly audience: string; readonly issuedAt: Date } | null
}

/** What tokens are made with and looked into by. It asks the database outside the transaction at hand: call it before one is open. */
export interface Credentials {
  /** The user behind a token that opens something somewhere; null: it opens nothing. */
  inspect(token: string): Promise<Inspected | null>
  /** Signs a token that lasts a few minutes, and no longer than the credential that it is made from. */
  sign(principal: Principal, order: SigningOrder): Promise<{ readonly token: string; readonly expiresAt: Date }>
  /** The keys that signed tokens are verified by, as RFC 7517 has them. */
  publishedKeys(): Promise<readonly JsonObject[]>
  /** Those patterns that stand for nothing, or for something that the principal may not do: nobody hands on more than they hold. */
  exceeding(principal: Principal | null, patterns: readonly string[], organizationId: Id<'org'> | null): readonly string[]
}

/** What `prepare` gets: no transaction is open, and what it finds must be checked again in the handler. */
export interface PrepareContext {
  readonly now: Date
  readonly actor: Actor
  readonly origin: Origin
  readonly ports: Ports
  readonly settings: Settings
  readonly credentials: Credentials
  readonly catalogue: Catalogue
  /** Reads outside any transaction; each call is a statement of its own. */
  readonly reader: SqlEntityManager
}

/**
 * Where it is noted that somebody could do something because it is granted to them: reviews ask for
 * grants that nobody uses. Costs a look into a map; it is written much later.
 */
export interface UseRecorder {
  /** @param organizationId The organization of what it was used on; null: of none. */
  note(userId: Id<'usr'>, permission: string, organizationId: Id<'org'> | null): void
}

/** For plans, which leave nothing. */
export const unrecordedUses: UseRecorder = { note: () => {} }

export interface QueryContext extends Reader {
  readonly now: Date
  readonly actor: Actor
  readonly origin: Origin
  readonly ports: Ports
  readonly settings: Settings
  readonly credentials: Credentials
  readonly catalogue: Catalogue
  readonly uses: UseRecorder
  readonly decisions: Decisions
  /** Opens the read-only transaction at first use, so that an answer from the principal opens none. */
  open(): Promise<SqlEntityManager>
}

export interface CommandContext extends Omit<QueryContext, 'open' | 'decisions' | keyof Reader> {
  /** The command's transaction. Nothing is written except through it. */
  readonly em: SqlEntityManager
  newId<Prefix extends string>(prefix: Prefix): Id<Prefix>
  /** Writes an event in this transaction. */
  emit(event: DomainEvent): void
  /** Queues a job in this transaction. */
  enqueue(job: Job): void
  /** Says what the audit entry should tell beyond name, actor and target. Never secrets. */
  note(facts: AuditFacts): void
  /** Takes something away from principals: they are dropped everywhere once this commits. */
  revoke(revocation: Revocation): void
  /**
   * Changes how a principal looks without taking anything away: others see it at their next heartbeat.
   * A role, team or resource stands for everybody who has something by it.
   */
  refresh(changed: Id<'usr' | 'rol' | 'team' | 'res'>): void
  /** Fails the call but keeps what was written: the attempt counts. */
  refuse(error: DenizenError): never
  /**
   * Runs one item of a batch in a savepoint: a failure undoes only that item, its events and its jobs.
   * `index` is its place in the batch, so that a plan can tell of the failure.
   */
  attempt<T>(work: () => Promise<T>, index?: number): Promise<{ ok: true; value: T } | { ok: false; error: DenizenError }>
  /**
   * Decides about one item of a batch by the action's `allowItem`, and throws what the caller is to know.
   * `type` is what the item is called; null: it names nothing that would have to be there.
   */
  checkItem(item: unknown, target: Target | null, type: string | null): void
}

export interface AuditFacts {
  readonly target?: { readonly type: string; readonly id: string }
  readonly organizationId?: Id<'org'> | null
  readonly changes?: Readonly<Record<string, unknown>>
}

/** Principals that must not be served from memory any more, and what ended for good. */
export type Revocation = UserRevocation | OrganizationRevocation | ObjectRevocation

/** Everybody who has something by a role, through a team, or on a resource, or whose limits come from a policy. */
interface ObjectRevocation {
  readonly changed: Id<'rol' | 'team' | 'res' | 'pol'>
}

/** Every principal that belongs to an organization. */
interface OrganizationRevocation {
  readonly organizationId: Id<'org'>
}

interface UserRevocation {
  readonly userId: Id<'usr'>
  /** One session; without it all of the user's. */
  readonly sessionId?: Id<'ses'>
  /** One token that belongs to no session. */
  readonly tokenId?: Id<'tok'>
  readonly sessionsEnded?: number
  readonly tokensEnded?: number
}

/** Who calls, as rows tell of it; null: nobody that has a row, be it a stranger or the operator of the machine. */
export function callerId(actor: Actor): Id<'usr'> | null {
  return actor.kind === 'user' ? actor.principal.userId : null
}
