import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/**
 * How the network treats a connection. `ended`: closed in good order; `killed`: reset;
 * `silent`: every byte is swallowed and nothing is ever closed, as by a firewall that
 * forgot the connection. New connections are treated the same until `mend`.
 */
type Fault = 'ended' | 'killed' | 'silent'

export interface NetworkProxy {
  /** The database's URL, through the proxy. */
  readonly url: string
  /** Strikes the connection that listens for invalidations; all others go on. */
  strike(fault: Fault): void
  /** Turns away listeners who come; one that is there stays. */
  bar(): void
  mend(): void
  close(): Promise<void>
}

interface Link {
  readonly near: Socket
  readonly far: Socket
  isListener: boolean
  silenced: boolean
}

/** What the invalidation feed calls itself, in the first packet of its connection. */
const listenerName = 'denizen invalidation'

/** A TCP proxy before PostgreSQL, for losing connections in the ways that networks do. */
export async function openNetworkProxy(databaseUrl: string): Promise<NetworkProxy> {
  const target = new URL(databaseUrl)
  const links = new Set<Link>()
  let struck: Fault | null = null

  const afflict = (link: Link): void => {
    if (struck === null || !link.isListener) return
    if (struck === 'silent') link.silenced = true
    for (const socket of [link.near, link.far]) {
      if (struck === 'ended') socket.end()
      if (struck === 'killed') socket.resetAndDestroy()
    }
  }
  // Without delay, like the driver: otherwise what is measured here are the 40 ms of a delayed acknowledgement.
  const server = createServer({ noDelay: true }, (near) => {
    const link: Link = {
      near,
      far: connect({ port: Number(target.port), host: target.hostname, noDelay: true }),
      isListener: false,
      silenced: false,
    }
    links.add(link)
    near.once('data', (first) => {
      link.isListener = first.includes(listenerName)
      afflict(link)
    })
    near.on('data', (chunk) => link.silenced || link.far.writableEnded || link.far.write(chunk))
    link.far.on('data', (chunk) => link.silenced || near.writableEnded || near.write(chunk))
    for (const [one, other] of [
      [near, link.far],
      [link.far, near],
    ] as const) {
      one.on('error', () => {})
      one.on('close', () => link.silenced || other.destroy())
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const url = new URL(databaseUrl)
  url.host = `127.0.0.1:${port}`
  const destroy = (link: Link): void => {
    link.near.destroy()
    link.far.destroy()
    links.delete(link)
  }
  return {
    url: url.href,
    strike(fault) {
      struck = fault
      for (const link of links) afflict(link)
    },
    bar() {
      struck = 'killed'
    },
    mend() {
      struck = null
      for (const link of links) if (link.silenced || link.near.destroyed) destroy(link)
    },
    async close() {
      for (const link of links) destroy(link)
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
