import type { OutputOf, Signatures } from '@denizen/core'
import type { Context } from '../procedures.ts'
import { oauthFailure } from './failure.ts'
import type { Form } from './form.ts'

type SignedIn = OutputOf<Signatures['auth']['refresh']>

/** An access token response (RFC 6749: 5.1). Sessions have no scopes, so there is no `scope`. */
interface TokenAnswer {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly refresh_token: string
}

/** A grant: a way to get tokens. */
type Grant = (context: Context, form: Form, now: () => Date) => Promise<TokenAnswer>

/** All grants, by `grant_type`. */
export const grants: Readonly<Record<string, Grant>> = {
  'urn:ietf:params:oauth:grant-type:device_code': fetchDeviceTokens,
  refresh_token: refreshTokens,
}

/**
 * The client's name for itself, which proves nothing: programs on people's own machines
 * cannot keep a secret, so a client that sends one is misconfigured.
 */
export function publicClient(form: Form, authorization: string | undefined): string {
  if (authorization !== undefined || form.get('client_secret') !== null || form.get('client_assertion') !== null)
    throw oauthFailure('invalid_client', 'All clients are public: send client_id alone, without a secret or an assertion.')
  return form.need('client_id')
}

/** Sessions may do whatever their user may. Accepting a scope without enforcing it would be worse than refusing it. */
export function refuseScope(form: Form): void {
  if (form.get('scope') !== null) throw oauthFailure('invalid_scope', 'Scopes are not supported: leave the parameter out.')
}

async function fetchDeviceTokens(context: Context, form: Form, now: () => Date): Promise<TokenAnswer> {
  const input = { deviceCode: form.need('device_code'), clientName: form.need('client_id') }
  const answer = (await context.call('auth.pollDeviceLogin', input)) as OutputOf<Signatures['auth']['pollDeviceLogin']>
  if (answer.status === 'pending') throw oauthFailure('authorization_pending', 'Nobody has approved this sign-in yet.')
  if (answer.status === 'slowDown') throw oauthFailure('slow_down', `Wait at least ${answer.interval} s between two polls.`)
  return tokensOf(answer, now())
}

async function refreshTokens(context: Context, form: Form, now: () => Date): Promise<TokenAnswer> {
  refuseScope(form)
  const refreshToken = form.need('refresh_token')
  return tokensOf((await context.call('auth.refresh', { refreshToken })) as SignedIn, now())
}

function tokensOf({ accessToken, accessTokenExpiresAt, refreshToken }: SignedIn, now: Date): TokenAnswer {
  const seconds = Math.floor((accessTokenExpiresAt.getTime() - now.getTime()) / 1000)
  return { access_token: accessToken, token_type: 'Bearer', expires_in: Math.max(0, seconds), refresh_token: refreshToken }
}
