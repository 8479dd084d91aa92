import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Requests of one connection that may wait; whoever sends more at once is cut off. Browsers send one at a time. */
const mostWaiting = 100

interface Line {
  last: ServerResponse
  waiting: number
}

/**
 * Answers the requests of a connection one after the other. With HTTP pipelining the next answer is made only when the previous one was
 * sent; otherwise a few kilobytes of requests could fill the memory.
 */
export class Turns {
  readonly #lines = new WeakMap<Socket, Line>()

  take({ socket }: IncomingMessage, response: ServerResponse, answer: () => void): void {
    const line = this.#lines.get(socket)
    if (line === undefined) this.#lines.set(socket, { last: response, waiting: 0 })
    if (line === undefined || line.last.writableFinished || line.last.destroyed) {
      if (line !== undefined) line.last = response
      return answer()
    }
    if (line.waiting === mostWaiting) return void socket.destroy()
    line.waiting++
    line.last.once('close', () => {
      line.waiting--
      if (!socket.destroyed) answer()
    })
    line.last = response
  }
}
