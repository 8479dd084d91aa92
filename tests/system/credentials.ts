import { createClient, DenizenError } from '@denizen/client'
import { anonymousActor, completed, userActor, type Id, type User } from '@denizen/core'
import { password } from '@denizen/core/testing'
import type { SystemDatabase } from '../database.ts'

/** Everything that somebody can hold at once. */
export interface Holder {
  readonly user: User
  readonly sessionId: Id<'ses'>
  /** The API token, by which it is revoked. */
  readonly tokenId: Id<'tok'>
  readonly access: string
  readonly api: string
  readonly websocket: string
  readonly agent: string
  /** The one that is not exchanged yet. */
  refresh: string
}

/** A kind of credential, and whether a server still lets its holder in. */
export interface Kind {
  readonly name: string
  /** What ends it, besides all that ends its user. */
  readonly endsWith: 'session' | 'token'
  /** Served from memory while the lease lasts; the others are asked of the database each time. */
  readonly remembered: boolean
  opens(url: string, holder: Holder, operator: string): Promise<boolean>
}

export const kinds: readonly Kind[] = [
  {
    name: 'access token',
    endsWith: 'session',
    remembered: true,
    opens: (url, { access }) => whoami(url, { authorization: `Bearer ${access}` }),
  },
  { name: 'cookie', endsWith: 'session', remembered: true, opens: (url, { access }) => whoami(url, { cookie: `denizen=${access}` }) },
  { name: 'API token', endsWith: 'token', remembered: true, opens: (url, { api }) => whoami(url, { authorization: `Bearer ${api}` }) },
  {
    name: 'agent token',
    endsWith: 'session',
    remembered: true,
    opens: (url, { agent }) => whoami(url, { authorization: `Bearer ${agent}` }),
  },
  {
    // It opens no call: whoever runs the websocket asks what it is worth.
    name: 'websocket token',
    endsWith: 'session',
    remembered: false,
    opens: async (url, { websocket: token }, operator) => (await createClient({ url, token: operator }).tokens.verify({ token })).active,
  },
  { name: 'refresh', endsWith: 'session', remembered: false, opens: refreshed },
]

async function whoami(url: string, headers: Record<string, string>): Promise<boolean> {
  const answer = await fetch(`${url}/trpc/sessions.whoami`, { headers })
  const text = await answer.text()
  if (answer.status === 200) return true
  if (answer.status === 401 && text.includes('"request.unauthenticated"')) return false
  throw new Error(`an answer that should not be: ${text}`)
}

async function refreshed(url: string, holder: Holder): Promise<boolean> {
  try {
    const { refreshToken } = await createClient({ url }).auth.refresh({ refreshToken: holder.refresh })
    holder.refresh = refreshToken
    return true
  } catch (error) {
    if (error instanceof DenizenError && error.code === 'auth.invalidRefreshToken') return false
    throw error
  }
}

/** Somebody with one of everything. */
export async function newHolder({ people, core }: SystemDatabase): Promise<Holder> {
  const user = await people.newUser()
  const { accessToken, refreshToken, session } = completed(await core.as(anonymousActor).auth.signIn({ identifier: user.id, password }))
  const principal = await core.authenticate(accessToken)
  if (principal === null) throw new Error('a new token opens nothing')
  const { tokens } = core.as(userActor(principal))
  const { token, secret } = await tokens.create({ name: 'measured' })
  const [websocket, agent] = [await tokens.issueWebsocket(), await tokens.issueAgent()]
  return {
    user,
    sessionId: session.id,
    tokenId: token.id,
    access: accessToken,
    refresh: refreshToken,
    api: secret,
    websocket: websocket.token,
    agent: agent.token,
  }
}
