import type { OutputOf, Signatures } from '@denizen/core'
import { base64url } from 'jose'
import type { TestProvider } from './provider.ts'

type Started = OutputOf<Signatures['auth']['startOAuth']>

interface Auth {
  startOAuth(input: { provider: string; origin?: string; redirectTo?: string }): Promise<Started>
}

/** Begins a sign-in by redirect, and lets somebody sign in at the provider: the code that it gives out is good once, for whoever has the verifier. */
export async function beginAt(
  provider: TestProvider,
  auth: Auth,
  claims: Readonly<Record<string, unknown>>,
  input: { origin?: string; redirectTo?: string } = {},
) {
  const { id, issuer } = provider.settings
  const started = await auth.startOAuth({ provider: id, ...input })
  const asked = new URL(started.url).searchParams
  const code = crypto.randomUUID()
  let used = false
  provider.redeem = async (form, { headers }) => {
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(form.get('code_verifier') ?? ''))
    const isRight =
      form.get('code') === code &&
      form.get('grant_type') === 'authorization_code' &&
      form.get('redirect_uri') === asked.get('redirect_uri') &&
      base64url.encode(new Uint8Array(hash)) === asked.get('code_challenge') &&
      headers['authorization'] === `Basic ${btoa('denizen:sh+hh')}`
    if (!isRight || used) return { status: 400, body: '{"error":"invalid_grant"}' }
    used = true
    return {
      status: 200,
      body: JSON.stringify({ access_token: 'at', id_token: await provider.sign({ nonce: asked.get('nonce'), ...claims }) }),
    }
  }
  return { started, asked, finish: { provider: id, challenge: started.challenge, state: asked.get('state') ?? '', code, issuer } }
}
