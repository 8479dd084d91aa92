import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { waitedForCore } from '../waiting.ts'

interface Parts {
  readonly details?: () => Readonly<Record<string, number>>
  readonly stop?: () => Promise<void>
}

/** Listens on a free port, tells the bench which, and answers its questions until it says stop. */
export function serve(server: Server, parts: Parts = {}): void {
  // The load is told to close connections, never the other way round.
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1', () => report((server.address() as AddressInfo).port, parts, () => closeAll(server)))
}

/** The same for a server that listens already. */
export function report(port: number, { details = () => ({}), stop = async () => {} }: Parts, close: () => Promise<void>): void {
  process.on('message', (message) => {
    if (message === 'usage') send(usageOf(details()))
    if (message === 'stop')
      void close()
        .then(stop)
        .finally(() => process.exit(0))
  })
  process.once('disconnect', () => process.exit(1))
  send({ port })
}

export function send(message: object): void {
  if (process.send === undefined) throw new Error('This program is started by the bench.')
  process.send(message)
}

function usageOf(details: Readonly<Record<string, number>>): object {
  const { user, system } = process.cpuUsage()
  return { rss: process.memoryUsage.rss(), cpu: (user + system) / 1000, waited: waitedForCore(), details }
}

async function closeAll(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await closed
}
