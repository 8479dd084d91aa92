import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { databaseUnavailable, newRequestId, type Core, type DenizenError, type Logger } from '@denizen/core'
import { TrustedProxies } from './addresses.ts'
import { commonFields, json, send, type Answer, type WholeAnswer } from './answer.ts'
import { requestIdOf } from './context.ts'
import { TrpcEndpoint } from './trpc-endpoint.ts'
import { answerKeys, answerReceiptKeys, keysPath, receiptKeysPath } from './jwks.ts'
import { malformed, methodNotAllowed, toDomainError } from './errors.ts'
import { Origins } from './origins.ts'
import { answerStandard } from './oauth/endpoints.ts'
import { answerDevice, devicePath } from './pages/device.ts'
import { answerTooLong, answerUnknown } from './pages/home.ts'
import { homeFrom } from './pages/layout.ts'
import { answerInvitation, invitationPath } from './pages/invitation.ts'
import { linkPages } from './pages/link-pages.ts'
import { answerLink } from './pages/mailed-link.ts'
import { answerPassword, passwordPaths } from './pages/password.ts'
import { passkeyFormScript, passkeyFormScriptPath } from './pages/passkey-form-script.ts'
import { passkeysScriptPath, scriptType } from './pages/passkeys.ts'
import { passkeysScript } from './pages/passkeys-script.ts'
import { answerProvider, isProviderPath } from './pages/provider.ts'
import { recoveryCodesScript, recoveryCodesScriptPath } from './pages/recovery-codes-script.ts'
import { answerRequest, requestPages } from './pages/requests.ts'
import { sessionPages } from './pages/session-pages.ts'
import { answerResource, problem, routeOf } from './rest.ts'
import { appRouter } from './router.ts'
import { Turns } from './turns.ts'
import { answerClerkWebhook, clerkWebhookPath } from './webhooks/clerk.ts'

export interface ServerOptions {
  readonly core: Core
  /** Default: 127.0.0.1, this machine alone. */
  readonly host?: string
  /** 0: any that is free. */
  readonly port: number
  /** Addresses and CIDR ranges of proxies whose X-Forwarded-For is trusted. Default: none. */
  readonly trustedProxies?: readonly string[]
  /** The largest body, in bytes. Default: 128 KiB. Actions with many items take more (`inputLimit`), from callers who hold their permission. */
  readonly bodyLimit?: number
  /** The answer of `/metrics`. Default: there is no such page. */
  readonly metrics?: () => Promise<{ readonly contentType: string; readonly body: string }>
  /** Default: the core's. */
  readonly logger?: Logger
  /** Milliseconds that a client has to send a whole request, from its first byte. Default: 60 000. */
  readonly requestTimeout?: number
  /** Milliseconds that running requests have to finish while closing. Default: 10 000. */
  readonly gracePeriod?: number
  /** Milliseconds that `/readyz` answers 503 before the port is closed, so that a load balancer sees it. Default: 0. */
  readonly closingDelay?: number
}

export interface Server {
  /** Where it listens, without a trailing slash. Known once `listen` has resolved. */
  readonly url: string
  /** Starts to accept connections. Rejects when the address is taken. */
  listen(): Promise<void>
  /** Accepts no more requests, lets running ones finish, and cuts them off at the end of the grace period. */
  close(): Promise<void>
}

const longestUrl = 8192
/** For the headers, and for the whole request, from its first byte: slow senders are cut off. */
function timeoutsFor(requestTimeout: number) {
  return {
    headersTimeout: Math.min(10_000, requestTimeout),
    requestTimeout,
    keepAliveTimeout: 65_000,
    connectionsCheckingInterval: Math.min(5_000, requestTimeout),
  }
}
/** A connection is dropped after this long without a byte in either direction, so no action may take longer. */
const idleTimeout = 5 * 60_000
const readinessTimeout = 2_000
/** Milliseconds for which metrics are given again: they cost more than most calls, and anybody may ask. */
const metricsAge = 1_000

/** The HTTP face of a core. */
export function createServer(options: ServerOptions): Server {
  const face = new Face(options)
  const turns = new Turns()
  const { host = '127.0.0.1', port, gracePeriod = 10_000, closingDelay = 0, requestTimeout = 60_000 } = options
  const server = createHttpServer({ ...timeoutsFor(requestTimeout), maxHeaderSize: 16_384 }, (request, response) =>
    turns.take(request, response, () => face.handle(request, response)),
  )
  server.setTimeout(idleTimeout)
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => face.refuse(error, socket as Socket))
  let address: AddressInfo | undefined
  return {
    get url() {
      if (address === undefined) throw new Error('The server does not listen yet.')
      return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
    },
    async listen() {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, resolve)
      })
      address = server.address() as AddressInfo
    },
    async close() {
      face.draining = true
      if (server.listening && closingDelay > 0) await new Promise((resolve) => setTimeout(resolve, closingDelay))
      return drain(server, face, gracePeriod)
    },
  }
}

async function drain(server: HttpServer, face: Face, gracePeriod: number): Promise<void> {
  if (!server.listening) return
  const over = Promise.withResolvers<void>()
  // Connections between two requests are closed as they fall idle; those with a running request get `Connection: close`.
  const sweep = setInterval(() => server.closeIdleConnections(), 50)
  const deadline = setTimeout(() => {
    server.closeAllConnections()
    over.resolve()
  }, gracePeriod)
  await new Promise<void>((resolve) => void server.close(() => resolve()))
  // Work for a client that has left holds no connection open, but still uses the database.
  await Promise.race([face.idle(), over.promise])
  clearInterval(sweep)
  clearTimeout(deadline)
}

class Face {
  draining = false
  readonly #running = new Set<Promise<void>>()
  readonly #core: Core
  readonly #logger: Logger
  readonly #metrics: ServerOptions['metrics']
  readonly #proxies: TrustedProxies
  readonly #trpc: TrpcEndpoint
  readonly #origins: Origins
  #unreadiness: Promise<DenizenError | null> | undefined

  constructor({ core, trustedProxies = [], bodyLimit = 128 * 1024, metrics, logger = core.ports.logger }: ServerOptions) {
    this.#core = core
    this.#logger = logger
    this.#metrics = metrics === undefined ? undefined : forAWhile(metricsAge, metrics)
    this.#proxies = new TrustedProxies(trustedProxies)
    this.#origins = new Origins(core)
    this.#trpc = new TrpcEndpoint({ core, router: appRouter, proxies: this.#proxies, bodyLimit })
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const { url = '/' } = request
    const requestId = requestIdOf(request, this.#core)
    const queryAt = url.indexOf('?')
    const path = queryAt < 0 ? url : url.slice(0, queryAt)
    const search = queryAt < 0 ? '' : url.slice(queryAt)
    const preflight = request.method === 'OPTIONS' ? this.#origins.preflightFor(request.headers) : null
    if (preflight !== null) return send(response, requestId, this.draining, noContent, preflight)
    if (path.startsWith('/trpc/') && url.length <= longestUrl) {
      const asked = { request, names: path.slice('/trpc/'.length), search, requestId, signal: () => departure(response) }
      const kept = this.#trpc.immediate(asked)
      if (kept !== undefined) send(response, requestId, this.draining, kept, this.#origins.fieldsFor(request.headers))
      else this.#reply(response, requestId, this.#trpc.answer(asked))
    } else this.#reply(response, requestId, this.#other(request, path, search, requestId))
  }

  #reply(response: ServerResponse, requestId: string, answer: Promise<Answer | Response | null>): void {
    const shared = this.#origins.fieldsFor(response.req.headers)
    const finish = async (): Promise<void> => {
      const ready = await answer
      if (ready === null) response.destroy()
      else if (ready instanceof Response) await stream(response, [...commonFields(requestId, this.draining), ...shared], ready)
      else send(response, requestId, this.draining, this.#whole(ready, response.req.url), shared)
    }
    const running = finish()
      .catch((error: unknown) => {
        const told = toDomainError(error, { path: undefined, requestId })
        if (told !== error) this.#logger.error('a request could not be answered', { requestId, error })
        if (response.headersSent) response.destroy()
        else send(response, requestId, this.draining, problem(told, requestId), shared)
      })
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  #whole(answer: Answer, url = '/'): WholeAnswer {
    const { body } = answer
    return { ...answer, body: typeof body === 'string' ? body : body(this.#core.settings.name, homeFrom(url)) }
  }

  /** Resolves when no request is being handled, including those whose clients have left. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  async #other(request: IncomingMessage, path: string, search: string, requestId: string): Promise<Answer | null> {
    const { method = '', url = '' } = request
    if (url.length > longestUrl) return answerTooLong(this.#core, request, { most: longestUrl, requestId })
    const route = routeOf(path)
    if (route !== undefined) return answerResource(route, { request, search, requestId }, this.#core, this.#proxies)
    if (path === clerkWebhookPath) return answerClerkWebhook({ request, requestId }, this.#core, this.#proxies)
    if (isProviderPath(path)) return answerProvider({ request, path, search, requestId }, this.#core, this.#proxies)
    if (path === invitationPath) return answerInvitation({ request, search, requestId }, this.#core, this.#proxies)
    if (passwordPaths.has(path)) return answerPassword({ request, search, requestId }, this.#core, this.#proxies)
    const standard = answerStandard(path, { request, requestId }, this.#core, this.#proxies)
    if (standard !== undefined) return standard
    const linkPage = linkPages.get(path)
    if (linkPage !== undefined) return answerLink(linkPage, { request, search, requestId }, this.#core, this.#proxies)
    const requestPage = requestPages.get(path)
    if (requestPage !== undefined) return answerRequest(path, requestPage, { request, requestId }, this.#core, this.#proxies)
    if (path === devicePath) return answerDevice({ request, search, requestId }, this.#core, this.#proxies)
    const sessionPage = sessionPages.get(path)
    if (sessionPage !== undefined) return sessionPage({ request, search, requestId }, this.#core, this.#proxies)
    const operation = this.#operation(path)
    if (operation === undefined) return answerUnknown(this.#core, request, requestId)
    if (method !== 'GET' && method !== 'HEAD') return problem(methodNotAllowed({ method, allowed: ['GET', 'HEAD'] }), requestId)
    return operation()
  }

  #operation(path: string): (() => Promise<Answer>) | undefined {
    const metrics = this.#metrics
    if (path === keysPath) return () => answerKeys(this.#core)
    if (path === receiptKeysPath) return () => answerReceiptKeys(this.#core)
    const script = scripts.get(path)
    if (script !== undefined) return async () => ({ status: 200, contentType: scriptType, body: script })
    if (path === '/healthz') return async () => state(200, 'alive')
    if (path === '/readyz') return () => this.#ready()
    if (path === '/metrics' && metrics !== undefined) return async () => ({ status: 200, ...(await metrics()) })
    return undefined
  }

  async #ready(): Promise<Answer> {
    if (this.draining) return state(503, 'draining')
    this.#unreadiness ??= withinTime(this.#core.unreadiness()).finally(() => (this.#unreadiness = undefined))
    const reason = await this.#unreadiness
    return reason === null ? state(200, 'ready') : state(503, reason.code.replace(/^request\./, ''))
  }

  /** Answers a request that is not valid HTTP or is too large, and closes the connection. */
  refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
    const requestId = newRequestId(this.#core.ports)
    const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
    const { body, contentType } = problem(malformed('', 'the request cannot be read'), requestId)
    const fields = [...commonFields(requestId, true), 'content-type', contentType, 'content-length', String(Buffer.byteLength(body))]
    const lines = fields.flatMap((name, index) => (index % 2 === 0 ? `${name}: ${fields[index + 1] ?? ''}` : []))
    // Without destroying it, a client that never ends would keep the connection.
    socket.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('\r\n')}\r\n\r\n${String(body)}`, () => socket.destroy())
  }
}

/** The scripts of pages, by path. */
const scripts: ReadonlyMap<string, string> = new Map([
  [passkeysScriptPath, passkeysScript],
  [passkeyFormScriptPath, passkeyFormScript],
  [recoveryCodesScriptPath, recoveryCodesScript],
])

/** The same result for a while; also one that is still being made. */
function forAWhile<T>(milliseconds: number, make: () => Promise<T>): () => Promise<T> {
  let made: { readonly at: number; readonly result: Promise<T> } | undefined
  return () => {
    const at = performance.now()
    if (made === undefined || at - made.at >= milliseconds) made = { at, result: make() }
    return made.result
  }
}

const noContent: WholeAnswer = { status: 204, contentType: json, body: '' }

function state(status: number, text: string): Answer {
  return { status, contentType: json, body: JSON.stringify({ status: text }) }
}

/** A database that does not answer in time is not ready either. */
async function withinTime(reason: Promise<DenizenError | null>): Promise<DenizenError | null> {
  const { promise, resolve } = Promise.withResolvers<DenizenError>()
  const timer = setTimeout(() => resolve(databaseUnavailable({})), readinessTimeout)
  try {
    return await Promise.race([reason.catch((error: unknown) => databaseUnavailable({}, error)), promise])
  } finally {
    clearTimeout(timer)
  }
}

function departure(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  response.once('close', () => {
    if (!response.writableEnded) controller.abort()
  })
  return controller.signal
}

async function stream(response: ServerResponse, fields: string[], { status, headers, body }: Response): Promise<void> {
  for (const [name, value] of headers) if (name !== 'transfer-encoding') fields.push(name, value)
  response.writeHead(status, fields)
  if (body === null) response.end()
  else await pipeline(Readable.fromWeb(body as never), response).catch(() => response.destroy())
}
