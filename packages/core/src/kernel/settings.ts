/** Requirements for passwords (NIST SP 800-63B-4, 3.1.1). */
interface PasswordSettings {
  /** Minimum length in characters, if the password is the only factor. */
  readonly minimumAlone: number
  /** Minimum length in characters, if there is a second factor. */
  readonly minimumWithFactor: number
  /** How many former passwords cannot be used again. */
  readonly history: number
  /** Days after which a password has to be changed; null: never, as NIST recommends. */
  readonly maximumAgeDays: number | null
}

/** Days that what is over is kept; null: for ever. */
interface Retention {
  /** Of sessions, after their end. */
  readonly endedSessionDays: number | null
  /** Of the login history. */
  readonly loginAttemptDays: number | null
}

/** Denizen's registration at a provider. */
interface ProviderClient {
  readonly id: string
  readonly secret: string | null
  readonly scopes: readonly string[]
  /** How the provider brings its answer: with a link, or with a form (OAuth 2.0 Form Post Response Mode), as Apple does with a name or an address. */
  readonly responseMode?: 'query' | 'form_post'
}

/** A trusted identity provider. */
export interface IdentityProvider {
  /** Its name in calls and links: `google`. */
  readonly id: string
  readonly kind: 'oidc' | 'clerk'
  /** The exact `iss` claim; metadata is found below this URL (OpenID Connect Discovery 1.0). */
  readonly issuer: string
  /**
   * The domains for which its word counts that an address was verified, lower-case: those that it runs, or checks by mail. `*`: all.
   * Addresses of other domains are as if it had not verified them.
   */
  readonly domains: readonly string[]
  /** Accepted values of the `aud` claim (of Clerk: `azp`). */
  readonly audiences: readonly string[]
  /** For sign-in by redirect. */
  readonly client: ProviderClient | null
  /** Verifies the webhooks of Clerk; null: they are refused. */
  readonly webhookSecret: string | null
  /** The claim with the provider's roles, and the Denizen roles they stand for; other values are ignored. */
  readonly roles: { readonly claim: string; readonly mapped: Readonly<Record<string, string>> } | null
}

/** The settings of an installation. */
export interface Settings {
  /** What the installation is called, on its pages and in its mails. One line. */
  readonly name: string
  /** The organization that new users join; null: none. */
  readonly defaultOrganization: string | null
  /** The public URL, without a slash at the end. Links in mails begin with it, never with the host of a request. */
  readonly publicUrl: string
  /** How many organizations a user may own, without being an administrator of the installation. */
  readonly maxOwnedOrganizations: number
  /** Days within which an archived user can be restored. */
  readonly restoreDays: number
  /** Days after which archived users are purged; null: only when somebody asks for it. */
  readonly purgeArchivedDays: number | null
  /**
   * Who makes accounts: `open`, anybody, for themselves; `invited`, organizations as well as administrators of the installation, by invitations and for their domains;
   * `closed`, administrators of the installation only (whoever holds `users.create` everywhere), also by their invitations.
   */
  readonly signUp: 'open' | 'invited' | 'closed'
  /** Whether sessions are restricted until the email address is verified. */
  readonly requireVerifiedEmail: boolean
  /** Whose sessions are restricted until they have a second factor. */
  readonly requireFactor: 'nobody' | 'administrators' | 'everybody'
  /** Concurrent sessions of a user; null: any number. */
  readonly maxSessions: number | null
  /** What happens at a sign-in above that limit. */
  readonly sessionExcess: 'refuse' | 'evictOldest'
  /** Impersonations that one impersonator may have running at the same time. */
  readonly maxImpersonations: number
  /** Origins, besides the public URL's, that users may be redirected to and that may call with cookies: `https://app.example.com`. */
  readonly allowedOrigins: readonly string[]
  /** Audiences, besides Denizen itself, that agent tokens can be issued for: `https://api.example.com`. */
  readonly agentAudiences: readonly string[]
  readonly passwords: PasswordSettings
  readonly retention: Retention
  /** OpenID providers and Clerk. */
  readonly identityProviders: readonly IdentityProvider[]
}

/** The settings of an installation without any. */
export const defaultSettings: Settings = {
  name: 'Denizen',
  defaultOrganization: null,
  // Of a core that is given none; a server's come from its configuration.
  publicUrl: 'http://localhost:4000',
  maxOwnedOrganizations: 10,
  restoreDays: 30,
  purgeArchivedDays: null,
  signUp: 'open',
  requireVerifiedEmail: false,
  requireFactor: 'nobody',
  maxSessions: null,
  sessionExcess: 'evictOldest',
  maxImpersonations: 10,
  allowedOrigins: [],
  agentAudiences: [],
  passwords: { minimumAlone: 15, minimumWithFactor: 8, history: 0, maximumAgeDays: null },
  retention: { endedSessionDays: 90, loginAttemptDays: 365 },
  identityProviders: [],
}
