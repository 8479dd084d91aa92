import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import Provider, { type Configuration } from 'oidc-provider'

/** Who is at the provider. */
interface Person {
  readonly sub: string
  readonly email: string
  readonly email_verified: boolean
  readonly name: string
}

/** A certified OpenID provider on this machine, at which whoever comes is the person of the moment. */
export interface OpenProvider {
  readonly issuer: string
  /** Who signs in next. */
  person: Person
  /** From now on it signs with another key, and publishes that alone. */
  rotate(): Promise<void>
  close(): Promise<void>
}

interface Client {
  readonly id: string
  readonly secret: string
  readonly redirectUris: readonly string[]
}

export async function openProvider(client: Client): Promise<OpenProvider> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const opened: OpenProvider = {
    issuer,
    person: { sub: 'nobody', email: 'nobody@example.com', email_verified: false, name: 'Nobody' },
    rotate: async () => void (provider = new Provider(issuer, configuration(opened, client, await newKey()))),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  let provider = new Provider(issuer, configuration(opened, client, await newKey()))
  server.on('request', (request, response) => {
    if (request.url?.startsWith('/interaction/') !== true) return void provider.callback()(request, response)
    provider.interactionFinished(request, response, { login: { accountId: opened.person.sub } }).catch(() => response.destroy())
  })
  return opened
}

function configuration(opened: OpenProvider, { id, secret, redirectUris }: Client, key: JWK): Configuration {
  return {
    clients: [{ client_id: id, client_secret: secret, redirect_uris: [...redirectUris] }],
    jwks: { keys: [key] },
    cookies: { keys: ['only for tests'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    pkce: { required: () => true },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    findAccount: (_, sub) => ({ accountId: sub, claims: async () => ({ ...opened.person, sub }) }),
    // Everybody has agreed to everything.
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({ clientId: oidc.client?.clientId ?? '', accountId: oidc.session?.accountId ?? '' })
      grant.addOIDCScope('openid email profile')
      await grant.save()
      return grant
    },
  }
}

let count = 0

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid: `key-${++count}`, alg: 'RS256', use: 'sig' }
}
