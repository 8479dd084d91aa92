import type { SqlEntityManager } from '@mikro-orm/sql'
import { z } from 'zod'
import { claimsIn, metadataOf, providerNamed, redirectNotAllowed, type Claims } from '../../identities/index.ts'
import { defineCommand } from '../../kernel/action.ts'
import type { PrepareContext } from '../../kernel/context.ts'
import { anyone } from '../../kernel/rule.ts'
import type { Ports } from '../../ports/index.ts'
import { equalInConstantTime } from '../../tokens/index.ts'
import { beginChallenge, finishChallenge, openChallenge, tryChallenge } from '../challenge.ts'
import { challengeOver } from '../errors.ts'
import { admitNetwork, enter } from './entering.ts'
import { authorizationUrl, clientOf, exchange, Pending, randomText } from './exchange.ts'
import { destination, redirectUriFor } from './redirects.ts'
import { externalSignatures } from './signatures.ts'

const signInWithIdentity = defineCommand(externalSignatures.signInWithIdentity, {
  allow: anyone,
  secretive: true,
  async prepare(context, { provider, token }) {
    const trusted = providerNamed(context.settings, provider)
    await admitNetwork(context)
    return claimsIn(context, trusted, token)
  },
  handle: (context, { provider }, claims) => enter(context, providerNamed(context.settings, provider), claims),
})

/** What a challenge keeps of a sign-in by redirect; what proves it is sealed. */
const Begun = z.object({ provider: z.string(), redirectUri: z.string(), redirectTo: z.string().nullable(), sealed: z.string() })

const startOAuth = defineCommand(externalSignatures.startOAuth, {
  allow: anyone,
  secretive: true,
  async prepare({ ports, settings }, { provider, origin, redirectTo }) {
    const trusted = providerNamed(settings, provider)
    const client = clientOf(trusted)
    const redirectUri = redirectUriFor(settings, trusted, origin)
    const goal = redirectTo === undefined ? null : destination(settings, redirectTo)
    if (redirectUri === null || (goal === null && redirectTo !== undefined)) throw redirectNotAllowed({})
    const pending = { state: randomText(ports), verifier: randomText(ports), nonce: randomText(ports) }
    const url = authorizationUrl(ports, await metadataOf(ports, trusted), client, redirectUri, pending)
    const sealed = await ports.cipher.seal(sealedFor(provider), JSON.stringify(pending))
    return { url, redirectUri, redirectTo: goal, sealed }
  },
  async handle(context, { provider }, { url, redirectUri, redirectTo, sealed }) {
    const payload = { provider, redirectUri, redirectTo, sealed }
    const { text, expiresAt } = beginChallenge(context, { purpose: 'oauth', userId: null, payload })
    return { url, challenge: text, redirectUri, expiresAt }
  },
})

/** What the provider's answer came to, before the transaction. */
interface Answered {
  readonly claims: Claims | null
}

const finishOAuth = defineCommand(externalSignatures.finishOAuth, {
  allow: anyone,
  secretive: true,
  prepare: redeemAnswer,
  async handle(context, { challenge }, { claims }) {
    const tried = await tryChallenge(context, 'oauth', challenge)
    if (tried === null) return context.refuse(challengeOver({}))
    const { provider, redirectTo } = Begun.parse(tried.payload)
    // Once the code was redeemed there is nothing left to try again; a wrong answer may come from elsewhere, and is only counted.
    if (claims !== null && !(await finishChallenge(context, tried))) return context.refuse(challengeOver({}))
    return { ...(await enter(context, providerNamed(context.settings, provider), claims)), redirectTo }
  },
})

interface Answer {
  readonly challenge: string
  readonly state: string
  readonly code: string
  readonly issuer?: string | undefined
}

/** Only whoever began has the challenge; what the browser brings must answer the question that was asked there. */
async function redeemAnswer(context: PrepareContext, { challenge, state, code, issuer }: Answer): Promise<Answered> {
  const { ports, settings, reader } = context
  await admitNetwork(context)
  const begun = await begunWith(reader, ports, challenge, context.now)
  if (begun === null) return { claims: null }
  const provider = providerNamed(settings, begun.provider)
  const pending = Pending.parse(JSON.parse((await ports.cipher.open(sealedFor(begun.provider), begun.sealed)) ?? '{}'))
  if (!equalInConstantTime(pending.state, state)) return { claims: null }
  return { claims: await exchange(ports, provider, { code, issuer, redirectUri: begun.redirectUri }, pending) }
}

async function begunWith(reader: SqlEntityManager, ports: Ports, challenge: string, now: Date) {
  const found = await openChallenge({ em: reader, ports, now }, 'oauth', challenge)
  return found === null ? null : Begun.parse(found.payload)
}

function sealedFor(provider: string): string {
  return `oauth/${provider}`
}

/** Signing in with an external identity. */
export const externalActions = { signInWithIdentity, startOAuth, finishOAuth }
