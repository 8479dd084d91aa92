import { connect } from 'node:net'
import { useWorld, type SignedInUser, type World, type WorldOptions } from '@denizen/core/testing'
import type { CallReport, Monitor } from '@denizen/core'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { createServer, type Server, type ServerOptions } from '../index.ts'

/** A world with a server in front of it, and a superadmin and a stranger who are signed in. */
export interface Served {
  readonly world: World
  readonly server: Server
  readonly admin: SignedInUser
  readonly stranger: SignedInUser
  /** Every call that was reported to the monitors. */
  readonly reports: CallReport[]
  /** Sends a request; the path begins with a slash. */
  get(path: string, headers?: Record<string, string>): Promise<Reply>
  post(path: string, body: string | object, headers?: Record<string, string>): Promise<Reply>
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body, read as JSON. */
  json<Body = Record<string, unknown>>(): Body
}

/** `error` of an answer, as superjson wrote it. */
export interface WireError {
  readonly error: {
    readonly json: {
      message: string
      code: number
      data: {
        code: string
        httpStatus: number
        requestId: string
        domain: { code: string; kind: string; details: Record<string, unknown> }
      }
    }
  }
}

/** One world and one server for a file of tests. */
export function useServer(options: Partial<ServerOptions> & { world?: WorldOptions } = {}): () => Served {
  const reports: CallReport[] = []
  const monitor: Monitor = { observe: (report) => void reports.push(report) }
  const world = useWorld({ ...options.world, monitors: [monitor] })
  let served: Served | undefined
  let signedInAt = new Date(0)
  beforeAll(async () => {
    const server = createServer({ core: world().core, port: 0, ...options })
    await server.listen()
    signedInAt = world().clock.now()
    const [admin, stranger] = [await world().asSuperadmin(), await world().signUp()]
    served = {
      world: world(),
      server,
      admin,
      stranger,
      reports,
      get: (path, headers = {}) => ask(server, path, { headers }),
      post: (path, body, headers = {}) =>
        ask(server, path, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
    }
  })
  // Another test may have let so much time go by that they are signed out, or that their proof is no longer fresh.
  beforeEach(async () => {
    if (served === undefined) return
    const hasMoved = signedInAt < world().clock.now()
    const still = async (person: SignedInUser): Promise<SignedInUser> =>
      hasMoved || (await world().core.authenticate(person.token)) === null ? world().signIn(person.user) : person
    served = { ...served, admin: await still(served.admin), stranger: await still(served.stranger) }
    signedInAt = world().clock.now()
  })
  afterAll(() => served?.server.close())
  return () => {
    if (served === undefined) throw new Error('the server exists from beforeAll to afterAll')
    return served
  }
}

/** Sends a request. */
export async function ask(server: Server, path: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(`${server.url}${path}`, init)
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) as never }
}

/** The header that shows a token. */
export function bearer({ token }: { token: string }): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

/** A query string with an input as superjson writes it. */
export function inputOf(json: unknown): string {
  return `?input=${encodeURIComponent(JSON.stringify({ json }))}`
}

/** The answer to raw bytes, which `fetch` would normalize. */
export function raw(server: Server, bytes: string): Promise<string> {
  const { port, hostname } = new URL(server.url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.end(bytes))
    let text = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    socket.on('close', () => resolve(text)).on('error', reject)
  })
}

/** A connection that stays open after what was written. */
export interface OpenConnection {
  write(bytes: string): void
  /** Everything that was received. */
  readonly received: string
  /** Resolves when the server has closed it. */
  readonly closed: Promise<void>
  destroy(): void
}

/** Opens a connection on which nothing is said yet. */
export function openConnection(server: Server): OpenConnection {
  const { port, hostname } = new URL(server.url)
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true })
  let received = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk))
  const closed = new Promise<void>((resolve) => socket.on('error', () => resolve()).on('close', () => resolve()))
  return {
    write: (bytes) => void socket.write(bytes),
    get received() {
      return received
    },
    closed,
    destroy: () => socket.destroy(),
  }
}

/** The lines of a request's head. */
export function head(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`
}

/** The DenizenError's own fields in an error answer. */
export function domainOf(reply: Reply): WireError['error']['json']['data']['domain'] {
  return reply.json<WireError>().error.json.data.domain
}

/** The body of a sign-in. */
export function signIn(identifier: unknown, password: unknown = 'x'): { json: object } {
  return { json: { identifier, password } }
}
