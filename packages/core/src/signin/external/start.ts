import { metadataOf, providerNamed, redirectNotAllowed } from '../../identities/index.ts'
import { beginChallenge } from '../../challenges/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import { anyone } from '../../kernel/rule.ts'
import { admitFromNetwork } from '../../throttling/index.ts'
import { authorizationUrl, clientOf, randomText, sealedFor } from './exchange.ts'
import { allowedRedirect, redirectUriFor } from './redirects.ts'
import { externalSignatures } from './signatures.ts'

export const startOAuth = defineCommand(externalSignatures.startOAuth, {
  allow: anyone,
  handlesSecret: true,
  async prepare({ ports, settings }, { provider, origin, redirectTo }) {
    const trusted = providerNamed(settings, provider)
    const client = clientOf(trusted)
    const redirectUri = redirectUriFor(settings, trusted, origin)
    const target = redirectTo === undefined ? null : allowedRedirect(settings, redirectTo)
    if (redirectUri === null || (target === null && redirectTo !== undefined)) throw redirectNotAllowed({})
    const pending = { state: randomText(ports), verifier: randomText(ports), nonce: randomText(ports) }
    const url = authorizationUrl(ports, await metadataOf(ports, trusted), client, redirectUri, pending)
    const sealed = await ports.cipher.seal(sealedFor(provider), JSON.stringify(pending))
    return { url, redirectUri, redirectTo: target, sealed }
  },
  async handle(context, { provider }, { url, redirectUri, redirectTo, sealed }) {
    await admitFromNetwork(context, 'oauth')
    const payload = { provider, redirectUri, redirectTo, sealed }
    const { text, expiresAt } = beginChallenge(context, { purpose: 'oauth', userId: null, payload })
    return { url, challenge: text, redirectUri, expiresAt }
  },
})
