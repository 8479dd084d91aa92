import type { Clock, Settings, WebAnswer, WebRequest } from '@denizen/core'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'
import type { TestWeb } from './web.ts'

type Provider = Settings['identityProviders'][number]

/** An identity provider in a test's web: real keys and real tokens, but no network. */
export class TestProvider {
  readonly issuer: string
  /** What it is in the settings. */
  readonly settings: Provider
  readonly #clock: Pick<Clock, 'now'>
  #keys: { kid: string; privateKey: CryptoKey; jwk: JWK }[] = []
  #count = 0
  /** Changes what it publishes about itself. */
  metadata: Readonly<Record<string, unknown>> = {}
  /** Answers at its token endpoint. */
  redeem: (form: URLSearchParams, request: WebRequest) => WebAnswer | Promise<WebAnswer> = () => ({
    status: 400,
    body: '{"error":"invalid_grant"}',
  })
  /** Answers at its userinfo endpoint. */
  userInfo: Readonly<Record<string, unknown>> = {}
  /** Answers there instead; null: with `userInfo`. */
  answerUserInfo: (() => WebAnswer | Promise<WebAnswer>) | null = null
  /** Changes the header of what it signs. */
  header: Readonly<Record<string, unknown>> = {}
  /** Changes the list of keys that it publishes. */
  publish: (keys: readonly JWK[]) => readonly JWK[] = (keys) => keys

  private constructor(clock: Pick<Clock, 'now'>, settings: Provider) {
    this.#clock = clock
    this.settings = settings
    this.issuer = settings.issuer
  }

  /** Makes one, and puts it into the web. */
  static async open({ web, clock }: { web: TestWeb; clock: Pick<Clock, 'now'> }, settings: Provider): Promise<TestProvider> {
    const provider = new TestProvider(clock, settings)
    await provider.rotate()
    web.sites.set(new URL(settings.issuer).origin, (request) => provider.#answer(request))
    return provider
  }

  /** What a provider is in the settings, unless said otherwise. */
  static configured(id: string, changes: Partial<Provider> = {}): Provider {
    const client = { id: 'denizen', secret: 'sh hh', scopes: ['openid', 'email', 'profile'] }
    return {
      id,
      kind: 'oidc',
      issuer: `https://${id}.example`,
      domains: ['*'],
      audiences: ['denizen'],
      client,
      webhookSecret: null,
      roles: null,
      ...changes,
    }
  }

  /** Signs with a new key from now on. The old ones are published no more. */
  async rotate(alg = 'ES256'): Promise<void> {
    const kid = `key-${++this.#count}`
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    this.#keys = [{ kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }]
  }

  /** The key that is published, as whoever forges tokens with it would see it. */
  get published(): JWK {
    return this.#key.jwk
  }

  get #key() {
    const [key] = this.#keys
    if (key === undefined) throw new Error('the provider has a key')
    return key
  }

  /** A token for somebody; a claim that is undefined is left out. */
  async sign(claims: Readonly<Record<string, unknown>>, header: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const { kid, privateKey, jwk } = this.#key
    const now = Math.floor(this.#clock.now().getTime() / 1000)
    const whole = { iss: this.issuer, aud: 'denizen', iat: now, exp: now + 300, ...claims }
    const present = Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined))
    return new SignJWT(present).setProtectedHeader({ alg: jwk.alg ?? '', kid, typ: 'JWT', ...this.header, ...header }).sign(privateKey)
  }

  async #answer(request: WebRequest): Promise<WebAnswer> {
    const ok = (body: unknown): WebAnswer => ({ status: 200, body: JSON.stringify(body) })
    switch (new URL(request.url).pathname) {
      case '/.well-known/openid-configuration':
        return ok({
          issuer: this.issuer,
          jwks_uri: `${this.issuer}/.well-known/jwks.json`,
          authorization_endpoint: `${this.issuer}/authorize?tenant=1`,
          token_endpoint: `${this.issuer}/token`,
          userinfo_endpoint: `${this.issuer}/userinfo`,
          authorization_response_iss_parameter_supported: true,
          ...this.metadata,
        })
      case '/.well-known/jwks.json':
        return ok({ keys: this.publish(this.#keys.map(({ jwk }) => jwk)) })
      case '/token':
        return this.redeem(new URLSearchParams(request.body), request)
      case '/userinfo':
        return this.answerUserInfo === null ? ok(this.userInfo) : this.answerUserInfo()
      default:
        return { status: 404, body: '' }
    }
  }
}
