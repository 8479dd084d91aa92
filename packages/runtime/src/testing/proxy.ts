import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface TestProxy {
  /** The database's URL, through the proxy. */
  readonly url: string
  /** `closed`: connections end and new ones are refused. `silenced`: every byte is swallowed. */
  break(how: 'closed' | 'silenced'): void
  mend(): void
  close(): Promise<void>
}

/** A TCP proxy in front of a database, for breaking connections in the ways that networks do. */
export async function openProxy(databaseUrl: string): Promise<TestProxy> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let state: 'open' | 'closed' | 'silenced' = 'open'
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk) => state === 'open' && to.write(chunk))
      from.on('close', () => state === 'open' && to.destroy())
      from.on('error', () => {})
    }
    if (state === 'closed') near.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  return {
    url: databaseUrl.replace(target.host, `127.0.0.1:${port}`),
    break(how) {
      state = how
      if (how === 'closed') destroyAll()
    },
    mend() {
      destroyAll()
      state = 'open'
    },
    async close() {
      destroyAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
