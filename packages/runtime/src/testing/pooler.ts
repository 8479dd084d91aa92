import { createServer, type AddressInfo, type Socket } from 'node:net'
import { Client } from 'pg'

export interface TestPooler {
  /** The database's URL, through the pooler. */
  readonly url: string
  close(): Promise<void>
}

type Mode = 'session' | 'transaction'

/** What PgBouncer takes while connecting, by default; it refuses all else. */
const acceptedParameters = new Set(['user', 'database', 'application_name', 'client_encoding', 'datestyle', 'timezone'])
const mostServers = 20

/**
 * A pooler that does what PgBouncer does: in session mode a client keeps a connection to the server until it leaves, in transaction mode
 * each transaction gets the one that was used last, with whatever the one before has set there.
 */
export async function openPooler(databaseUrl: string, mode: Mode): Promise<TestPooler> {
  const servers = new Servers(databaseUrl)
  const sockets = new Set<Socket>()
  const listener = createServer((socket) => {
    sockets.add(socket)
    new PooledClient(socket, servers, mode)
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const url = new URL(databaseUrl)
  url.host = `127.0.0.1:${(listener.address() as AddressInfo).port}`
  return {
    url: url.href,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => listener.close(resolve))
      await servers.close()
    },
  }
}

/** A connection to the server: signed in by the driver, then used by its bare socket. */
interface ServerConnection {
  readonly client: Client
  readonly socket: Socket
}

class Servers {
  readonly #url: string
  readonly #all: ServerConnection[] = []
  readonly #free: ServerConnection[] = []
  readonly #waiting: ((server: ServerConnection) => void)[] = []
  #count = 0

  constructor(url: string) {
    this.#url = url
  }

  async take(): Promise<ServerConnection> {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#count >= mostServers) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#count++
    const client = new Client({ connectionString: this.#url, application_name: 'pooler' })
    client.on('error', () => {})
    await client.connect()
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
    stream.removeAllListeners('data')
    const server = { client, socket: stream }
    this.#all.push(server)
    return server
  }

  give(server: ServerConnection): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(server)
    else next(server)
  }

  async close(): Promise<void> {
    for (const { socket } of this.#all) socket.destroy()
  }
}

class PooledClient {
  readonly #socket: Socket
  readonly #servers: Servers
  readonly #mode: Mode
  #isStarted = false
  #unread = Buffer.alloc(0)
  #toSend: Buffer[] = []
  #server: Promise<ServerConnection> | null = null

  constructor(socket: Socket, servers: Servers, mode: Mode) {
    this.#socket = socket
    this.#servers = servers
    this.#mode = mode
    socket.on('error', () => {})
    socket.on('data', (data: Buffer) => this.#read(data))
    socket.on('close', () => void this.#leave())
  }

  #read(data: Buffer): void {
    this.#unread = Buffer.concat([this.#unread, data])
    if (!this.#isStarted) return this.#start()
    for (let length = frame(this.#unread); length !== null; length = frame(this.#unread)) {
      const message = this.#unread.subarray(0, length)
      this.#unread = this.#unread.subarray(length)
      if (message[0] === letter('X')) return void this.#socket.end()
      this.#toSend.push(message)
    }
    void this.#forward()
  }

  #start(): void {
    if (this.#unread.length < 8 || this.#unread.length < this.#unread.readInt32BE(0)) return
    const parameters = this.#unread.subarray(8).toString().split('\0')
    const unknown = parameters.find((name, index) => index % 2 === 0 && name !== '' && !acceptedParameters.has(name))
    this.#unread = Buffer.alloc(0)
    if (unknown !== undefined) {
      const fields = `SFATAL\0C08P01\0Munsupported startup parameter: ${unknown}\0\0`
      return void this.#socket.end(messageOf('E', Buffer.from(fields)))
    }
    this.#isStarted = true
    this.#socket.write(
      Buffer.concat([
        messageOf('R', Buffer.alloc(4)),
        messageOf('K', Buffer.from([1, 2, 3, 4, 5, 6, 7, 8])),
        messageOf('Z', Buffer.from('I')),
      ]),
    )
  }

  async #forward(): Promise<void> {
    this.#server ??= this.#assign()
    const { socket } = await this.#server
    for (const message of this.#toSend.splice(0)) socket.write(message)
  }

  async #assign(): Promise<ServerConnection> {
    const server = await this.#servers.take()
    let unread = Buffer.alloc(0)
    const answer = (data: Buffer): void => {
      this.#socket.write(data)
      unread = Buffer.concat([unread, data])
      for (let length = frame(unread); length !== null; length = frame(unread)) {
        const isIdle = unread[0] === letter('Z') && unread[5] === letter('I')
        unread = unread.subarray(length)
        if (isIdle && this.#mode === 'transaction') {
          server.socket.off('data', answer)
          this.#server = null
          this.#servers.give(server)
        }
      }
    }
    server.socket.on('data', answer)
    return server
  }

  /** What a session has set is not for the next one. */
  async #leave(): Promise<void> {
    const server = await this.#server
    if (server === null || server === undefined) return
    server.socket.removeAllListeners('data')
    server.socket.once('data', () => this.#servers.give(server))
    server.socket.write(messageOf('Q', Buffer.from('discard all\0')))
  }
}

function letter(text: string): number {
  return text.charCodeAt(0)
}

/** The length of the first message, if all of it is there. */
function frame(data: Buffer): number | null {
  if (data.length < 5) return null
  const length = data.readInt32BE(1) + 1
  return data.length < length ? null : length
}

function messageOf(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type)
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
