import type { OutputOf, Signatures } from '@denizen/core'
import type { Context } from '../trpc.ts'
import { oauthFailure } from './failure.ts'
import type { Form } from './form.ts'

type SignedIn = OutputOf<Signatures['auth']['refresh']>

/** What an access token is exchanged for (RFC 6749: 5.1). Sessions have no scopes, so none is told. */
interface TokenAnswer {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly refresh_token: string
}

/** A way to get tokens. */
type Grant = (context: Context, form: Form, now: () => Date) => Promise<TokenAnswer>

/** Every way to get tokens, by the name that clients use. */
export const grants: Readonly<Record<string, Grant>> = {
  'urn:ietf:params:oauth:grant-type:device_code': fetchDeviceTokens,
  refresh_token: refreshTokens,
}

/**
 * Who the program says it is. It proves nothing by that: programs on people's own
 * machines keep no secret, so one that shows a secret takes us for somebody else.
 */
export function publicClient(form: Form, authorization: string | undefined): string {
  if (authorization !== undefined || form.get('client_secret') !== null || form.get('client_assertion') !== null)
    throw oauthFailure('invalid_client', 'Clients are public here: send client_id alone, and nothing that would prove it.')
  return form.need('client_id')
}

/** Sessions may do what their user may. To promise less by a scope, and not to keep it, would be worse than to say no. */
export function refuseScope(form: Form): void {
  if (form.get('scope') !== null) throw oauthFailure('invalid_scope', 'There are no scopes here: leave the parameter out.')
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
