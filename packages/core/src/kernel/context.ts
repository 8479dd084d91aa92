import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Ports } from '../ports/index.ts'
import type { DenizenError } from './errors.ts'
import type { DomainEvent, Job } from './event.ts'
import type { Id } from './id.ts'
import type { Target } from './rule.ts'

/** What a subject may do, compiled once from its role assignments. */
export interface Grants {
  /** Whether the permission is held in the organization, or everywhere. */
  allows(permission: string, organizationId: Id<'org'> | null): boolean
  /** Whether the permission is held everywhere. */
  allowsEverywhere(permission: string): boolean
  /** Whether all that a pattern of a role stands for is held in the organization, or everywhere. */
  covers(pattern: string, organizationId: Id<'org'> | null): boolean
  /** The permissions held everywhere, as names of actions, sorted. */
  list(): readonly string[]
}

/** A step that a signed-in user still owes; until it is done the session is restricted. */
export type PendingStep = 'changePassword' | 'verifyEmail' | 'enrolFactor'

/** The user behind a valid session, with everything a decision needs. Immutable. */
export interface Principal {
  readonly userId: Id<'usr'>
  readonly sessionId: Id<'ses'>
  readonly tokenId: Id<'tok'>
  readonly username: string
  readonly email: string | null
  readonly displayName: string | null
  readonly status: 'active' | 'temporary'
  readonly roles: readonly string[]
  readonly grants: Grants
  /** The organization that the session is in now. It decides nothing: an organization that a call names does. */
  readonly organization: { readonly id: Id<'org'>; readonly slug: string } | null
  /** Every active organization that the user is a member of. */
  readonly memberships: readonly PrincipalMembership[]
  /** CIDR blocks that the user may act from; empty: from anywhere. */
  readonly allowedIps: readonly string[]
  readonly assurance: 'aal1' | 'aal2'
  readonly pendingSteps: readonly PendingStep[]
  readonly expiresAt: Date
  /** When this picture may change by itself (expiry of the session or of a role): not to be used after. */
  readonly validUntil: Date
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
}

/** What `prepare` gets: no transaction is open, and what it finds must be checked again in the handler. */
export interface PrepareContext {
  readonly now: Date
  readonly actor: Actor
  readonly origin: Origin
  readonly ports: Ports
  readonly settings: Settings
  /** Reads outside any transaction; each call is a statement of its own. */
  readonly reader: SqlEntityManager
}

export interface QueryContext {
  readonly now: Date
  readonly actor: Actor
  readonly origin: Origin
  readonly ports: Ports
  readonly settings: Settings
  /** Opens the read-only transaction at first use, so that an answer from the principal opens none. */
  open(): Promise<SqlEntityManager>
}

export interface CommandContext extends Omit<QueryContext, 'open'> {
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
  /** Changes how a principal looks without taking anything away: others see it at their next heartbeat. */
  refresh(userId: Id<'usr'>): void
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
export type Revocation = UserRevocation | OrganizationRevocation

/** Every principal that belongs to an organization. */
interface OrganizationRevocation {
  readonly organizationId: Id<'org'>
}

interface UserRevocation {
  readonly userId: Id<'usr'>
  /** One session; without it all of the user's. */
  readonly sessionId?: Id<'ses'>
  readonly sessionsEnded?: number
  readonly tokensEnded?: number
}

/** Who calls, as rows tell of it; null: nobody that has a row, be it a stranger or the operator of the machine. */
export function callerId(actor: Actor): Id<'usr'> | null {
  return actor.kind === 'user' ? actor.principal.userId : null
}
