import { readFileSync } from 'node:fs'
import type { IdentityProvider, Settings } from '@denizen/core'
import { z } from 'zod'
import { define, type Check } from './setting.ts'
import { refuse, wholeNumber, wholeNumberOrNone } from './setting-formats.ts'

/** What an installation decides about who may be signed in, and how. */
export type SignInConfig = Pick<
  Settings,
  | 'signUp'
  | 'requireVerifiedEmail'
  | 'requireFactor'
  | 'maxSessions'
  | 'sessionExcess'
  | 'allowedOrigins'
  | 'agentAudiences'
  | 'passwords'
  | 'identityProviders'
>

const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words, fallback: Words[number]) =>
  z.enum(words, `must be one of ${words.join(', ')}`).default(fallback as never)

export const signInDefinitions = {
  DENIZEN_SIGN_UP: define(oneOf(['open', 'closed'], 'open'), 'open', 'Whether strangers may make accounts for themselves: open or closed.'),
  DENIZEN_REQUIRE_VERIFIED_EMAIL: define(
    oneOf(['yes', 'no'], 'no'),
    'no',
    'yes: a session may do nothing else until its user has proved their address.',
  ),
  DENIZEN_REQUIRE_FACTOR: define(
    oneOf(['nobody', 'administrators', 'everybody'], 'nobody'),
    'nobody',
    'Whose sessions may do nothing else until they have a second factor: nobody, administrators (any system role but user), everybody.',
  ),
  DENIZEN_MAX_SESSIONS: define(
    wholeNumberOrNone(1, 10_000).optional(),
    'none',
    'Sessions that a user may have at once, or none: any number.',
  ),
  DENIZEN_SESSION_EXCESS: define(
    oneOf(['evict-oldest', 'refuse'], 'evict-oldest'),
    'evict-oldest',
    'What a sign-in does that would be one session too many: evict-oldest or refuse.',
  ),
  DENIZEN_ALLOWED_ORIGINS: define(
    z.string().transform(parseOrigins).optional(),
    '(none)',
    'Origins, separated by commas, whose pages may call with cookies and be sent people back to: https://app.example.com.',
  ),
  DENIZEN_AGENT_AUDIENCES: define(
    z.string().transform(parseAudiences).optional(),
    '(none)',
    'Whom tokens for agents may be made for besides Denizen itself, separated by commas: https://api.example.com.',
  ),
  DENIZEN_PASSWORD_LENGTH: define(
    wholeNumber(8, 128).default(15),
    '15',
    'Characters that a password needs where it is the only factor (NIST SP 800-63B-4: 15).',
  ),
  DENIZEN_PASSWORD_LENGTH_WITH_FACTOR: define(
    wholeNumber(8, 128).default(8),
    '8',
    'Characters that a password needs where a second factor is asked for too.',
  ),
  DENIZEN_PASSWORD_HISTORY: define(wholeNumber(0, 24).default(0), '0', 'Former passwords of a user that may not come back.'),
  DENIZEN_PASSWORD_MAX_AGE: define(
    wholeNumberOrNone(1, 3650).optional(),
    'none',
    'Days after which a password has to be changed. NIST advises against any.',
  ),
  DENIZEN_IDENTITY_PROVIDERS: define(
    z.string().transform(parseProviders).optional(),
    '(none)',
    'A JSON file with the OpenID providers (and Clerk) that users may come from; docs/sign-in.md shows one.',
  ),
}

type Shape = { readonly [Name in keyof typeof signInDefinitions]: (typeof signInDefinitions)[Name]['schema'] }

export function signInConfigOf(values: z.output<z.ZodObject<Shape>>): SignInConfig {
  return {
    signUp: values.DENIZEN_SIGN_UP,
    requireVerifiedEmail: values.DENIZEN_REQUIRE_VERIFIED_EMAIL === 'yes',
    requireFactor: values.DENIZEN_REQUIRE_FACTOR,
    maxSessions: values.DENIZEN_MAX_SESSIONS ?? null,
    sessionExcess: values.DENIZEN_SESSION_EXCESS === 'refuse' ? 'refuse' : 'evictOldest',
    allowedOrigins: values.DENIZEN_ALLOWED_ORIGINS ?? [],
    agentAudiences: values.DENIZEN_AGENT_AUDIENCES ?? [],
    passwords: {
      minimumAlone: values.DENIZEN_PASSWORD_LENGTH,
      minimumWithFactor: values.DENIZEN_PASSWORD_LENGTH_WITH_FACTOR,
      history: values.DENIZEN_PASSWORD_HISTORY,
      maximumAgeDays: values.DENIZEN_PASSWORD_MAX_AGE ?? null,
    },
    identityProviders: values.DENIZEN_IDENTITY_PROVIDERS ?? [],
  }
}

/** Origins as browsers spell them (RFC 6454), of https, or of this machine itself. */
function parseOrigins(text: string, check: Check): readonly string[] {
  const origins = text.split(',').map((origin) => origin.trim().replace(/\/$/, ''))
  const wrong = origins.find((origin) => !isOrigin(origin))
  return wrong === undefined ? origins : refuse(check, `"${wrong}" is not an origin such as https://app.example.com`)
}

/** Names as the `aud` claim has them (RFC 7519: StringOrURI): with a colon, they are URIs. */
function parseAudiences(text: string, check: Check): readonly string[] {
  const audiences = text.split(',').map((audience) => audience.trim())
  const wrong = audiences.find((audience) => !/^[!-~]{1,200}$/.test(audience) || (audience.includes(':') && !URL.canParse(audience)))
  return wrong === undefined ? audiences : refuse(check, `"${wrong}" is not an audience such as https://api.example.com`)
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { origin, protocol, hostname } = new URL(text)
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  return origin === text && (protocol === 'https:' || (protocol === 'http:' && isHere))
}

const provider = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, 'must be small letters, digits and hyphens'),
  kind: z.enum(['oidc', 'clerk']).default('oidc'),
  issuer: z.url({ protocol: /^https?$/ }),
  audiences: z.array(z.string().min(1)).min(1),
  client: z
    .strictObject({
      id: z.string().min(1),
      secret: z.string().min(1).nullable().default(null),
      scopes: z.array(z.string().min(1)).default(['openid', 'email', 'profile']),
    })
    .nullable()
    .default(null),
  webhookSecret: z.string().min(1).nullable().default(null),
  roles: z
    .strictObject({ claim: z.string().min(1), mapped: z.record(z.string(), z.string()) })
    .nullable()
    .default(null),
})

/** The providers in a file. What is wrong with it is told by place, never with what stands there: it holds secrets. */
function parseProviders(path: string, check: Check): readonly IdentityProvider[] {
  const parsed = z.array(provider).safeParse(readJson(path))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const place = issue === undefined || issue.path.length === 0 ? 'the file' : issue.path.join('.')
    return refuse(check, `must name a JSON file with a list of providers; ${place}: ${issue?.message ?? 'unreadable'}`)
  }
  const ids = parsed.data.map(({ id }) => id)
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  return twice === undefined ? parsed.data : refuse(check, `names the provider ${twice} twice`)
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return undefined
  }
}
