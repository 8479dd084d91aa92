import type { Settings } from '@denizen/core'
import { z } from 'zod'
import { isReachable, parseProviders } from './provider-file.ts'
import { define, type Check } from './setting.ts'
import { refuse, wholeNumber, wholeNumberOrNone } from './setting-formats.ts'

/** The settings about signing up and signing in. */
export type SignInConfig = Pick<
  Settings,
  | 'signUp'
  | 'requireVerifiedEmail'
  | 'requireFactor'
  | 'maxSessions'
  | 'sessionExcess'
  | 'maxImpersonations'
  | 'allowedOrigins'
  | 'agentAudiences'
  | 'passwords'
  | 'identityProviders'
>

const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words, fallback: Words[number]) =>
  z.enum(words, `must be one of ${words.join(', ')}`).default(fallback as never)

export const signInDefinitions = {
  DENIZEN_SIGN_UP: define(
    oneOf(['open', 'invited', 'closed'], 'open'),
    'open',
    'Who makes accounts. open: anybody; invited: organizations, by invitations and in their domains; closed: administrators of the installation only.',
  ),
  DENIZEN_REQUIRE_VERIFIED_EMAIL: define(
    oneOf(['yes', 'no'], 'no'),
    'no',
    'yes: a session may do nothing else until its user has confirmed their email address.',
  ),
  DENIZEN_REQUIRE_FACTOR: define(
    oneOf(['nobody', 'administrators', 'everybody'], 'nobody'),
    'nobody',
    'Who has to enrol a second factor before their sessions may do anything else: nobody, administrators (whoever holds a role or permission everywhere besides the role user, on whatever condition), everybody.',
  ),
  DENIZEN_MAX_SESSIONS: define(
    wholeNumberOrNone(1, 10_000).optional(),
    'none',
    'Sessions that a user may have at the same time; none: no limit.',
  ),
  DENIZEN_SESSION_EXCESS: define(
    oneOf(['evict-oldest', 'refuse'], 'evict-oldest'),
    'evict-oldest',
    'What happens at a sign-in that would open one session too many: evict-oldest or refuse.',
  ),
  DENIZEN_MAX_IMPERSONATIONS: define(
    wholeNumber(1, 1000).default(10),
    '10',
    'Impersonations that one impersonator may have running at the same time.',
  ),
  DENIZEN_ALLOWED_ORIGINS: define(
    z.string().transform(parseOrigins).optional(),
    '(none)',
    'Origins, separated by commas, whose pages may make calls with cookies and to which people may be redirected: https://app.example.com.',
  ),
  DENIZEN_AGENT_AUDIENCES: define(
    z.string().transform(parseAudiences).optional(),
    '(none)',
    'Audiences besides Denizen itself for which agents may get tokens, separated by commas: https://api.example.com.',
  ),
  DENIZEN_PASSWORD_LENGTH: define(
    wholeNumber(8, 128).default(15),
    '15',
    'Minimum length of a password that is the only factor (NIST SP 800-63B-4: 15).',
  ),
  DENIZEN_PASSWORD_LENGTH_WITH_FACTOR: define(
    wholeNumber(8, 128).default(8),
    '8',
    'Minimum length of a password that is used with a second factor.',
  ),
  DENIZEN_PASSWORD_HISTORY: define(wholeNumber(0, 24).default(0), '0', 'How many former passwords a user may not choose again.'),
  DENIZEN_PASSWORD_MAX_AGE: define(
    wholeNumberOrNone(1, 3650).optional(),
    'none',
    'Days after which a password has to be changed. NIST advises against any.',
  ),
  DENIZEN_IDENTITY_PROVIDERS: define(
    z.string().transform(parseProviders).optional(),
    '(none)',
    'A JSON file with the OpenID providers (and Clerk) at which users may sign in; docs/sign-in.md shows one.',
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
    maxImpersonations: values.DENIZEN_MAX_IMPERSONATIONS,
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

/** Origins as browsers send them (RFC 6454): https, or this machine. */
function parseOrigins(text: string, check: Check): readonly string[] {
  const origins = text.split(',').map((origin) => origin.trim().replace(/\/$/, ''))
  const wrong = origins.find((origin) => !isOrigin(origin))
  return wrong === undefined ? origins : refuse(check, `"${wrong}" is not an origin such as https://app.example.com`)
}

/** Values of the `aud` claim (RFC 7519: StringOrURI): with a colon they have to be URIs. */
function parseAudiences(text: string, check: Check): readonly string[] {
  const audiences = text.split(',').map((audience) => audience.trim())
  const wrong = audiences.find((audience) => !/^[!-~]{1,200}$/.test(audience) || (audience.includes(':') && !URL.canParse(audience)))
  return wrong === undefined ? audiences : refuse(check, `"${wrong}" is not an audience such as https://api.example.com`)
}

function isOrigin(text: string): boolean {
  return isReachable(text) && new URL(text).origin === text
}
