import { connect, type Socket } from 'node:net'

/** A request as it stands on the wire, and what a right answer to it says in its body. */
export interface Request {
  readonly text: string
  readonly fragment: string
}

export type RequestSource = () => Request

/** Told of every answer: milliseconds from the request's last byte written to the answer's last byte read. */
export type Sink = (milliseconds: number) => void

/** Milliseconds; a run that hangs must end. */
const longestSilence = 20_000

/**
 * One kept-alive HTTP/1.1 connection with one request under way at a time. It
 * reads only what a load generator must (status, length, body), which is what
 * keeps it several times faster than the servers it measures.
 */
export class Connection {
  readonly #socket: Socket
  readonly #source: RequestSource
  readonly #sink: Sink
  readonly #ended: Promise<void>
  #request: Request = { text: '', fragment: '' }
  #received = ''
  #startedAt = 0
  #stopping = false

  constructor(port: number, source: RequestSource, sink: Sink) {
    this.#source = source
    this.#sink = sink
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#ended = new Promise((resolve, reject) => {
      this.#socket.once('error', reject)
      this.#socket.once('close', () => (this.#stopping ? resolve() : reject(new Error('the server closed a connection'))))
    })
    this.#socket.once('connect', () => this.#send())
    this.#socket.setTimeout(longestSilence, () => this.#socket.destroy(new Error(`no answer in ${longestSilence} ms`)))
    this.#socket.on('data', (chunk) => this.#read(chunk))
  }

  /** Settles when the connection is closed; rejects with the first wrong answer. */
  get ended(): Promise<void> {
    return this.#ended
  }

  /** Lets the request under way come back, then closes. */
  stop(): void {
    this.#stopping = true
  }

  #send(): void {
    this.#request = this.#source()
    this.#startedAt = performance.now()
    this.#socket.write(this.#request.text, 'latin1')
  }

  #read(chunk: Buffer): void {
    this.#received += chunk.toString('latin1')
    if (!isWhole(this.#received)) return
    this.#sink(performance.now() - this.#startedAt)
    const answer = this.#received
    this.#received = ''
    if (!isRight(answer, this.#request)) this.#socket.destroy(new Error(`a wrong answer to\n${this.#request.text}\n\n${answer}`))
    else if (this.#stopping) this.#socket.destroy()
    else this.#send()
  }
}

/** Whether an answer has come to its end; all of ours have a length or come in chunks. */
function isWhole(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return false
  const length = /\r\ncontent-length: *(\d+)\r\n/i.exec(text)?.[1]
  return length === undefined ? text.endsWith('\r\n0\r\n\r\n') : text.length === headEnd + 4 + Number(length)
}

function isRight(answer: string, { fragment }: Request): boolean {
  return answer.startsWith('HTTP/1.1 200 ') && answer.includes(fragment)
}
