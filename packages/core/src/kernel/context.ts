import type { SqlEntityManager } from '@mikro-orm/sql'
import type { Ports } from '../ports/index.ts'
import type { DenizenError } from './errors.ts'
import type { DomainEvent, Job } from './event.ts'
import type { Id } from './id.ts'

/** What a subject may do, compiled once from its role assignments. */
export interface Grants {
  /** Whether the permission is held in the organization, or everywhere. */
  allows(permission: string, organizationId: Id<'org'> | null): boolean
  /** Whether the permission is held everywhere. */
  allowsEverywhere(permission: string): boolean
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
  readonly organization: { readonly id: Id<'org'>; readonly slug: string } | null
  readonly assurance: 'aal1' | 'aal2'
  readonly pendingSteps: readonly PendingStep[]
  readonly expiresAt: Date
  /** When this picture may change by itself (expiry of the session or of a role): not to be used after. */
  readonly validUntil: Date
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
}

/** What an installation decides. */
export interface Settings {
  /** The organization that new users join; null: none. */
  readonly defaultOrganization: string | null
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
  /** Runs one item of a batch in a savepoint: a failure undoes only that item, its events and its jobs. */
  attempt<T>(work: () => Promise<T>): Promise<{ ok: true; value: T } | { ok: false; error: DenizenError }>
}

export interface AuditFacts {
  readonly target?: { readonly type: string; readonly id: string }
  readonly organizationId?: Id<'org'> | null
  readonly changes?: Readonly<Record<string, unknown>>
}

/** Principals that must not be served from memory any more, and what ended for good. */
export interface Revocation {
  readonly userId: Id<'usr'>
  /** One session; without it all of the user's. */
  readonly sessionId?: Id<'ses'>
  readonly sessionsEnded?: number
  readonly tokensEnded?: number
}
