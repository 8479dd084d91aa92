import { createSocket } from 'node:dgram'
import { decode, encode, RECURSION_DESIRED, AUTHORITATIVE_ANSWER, type TxtAnswer } from 'dns-packet'

/** A name server on this machine (RFC 1035) with the records of a test. */
export interface NameServer {
  /** As `dns.setServers` takes it. */
  readonly address: string
  readonly records: Map<string, readonly string[]>
  /** Whether it answers from its records, is silent, or fails. */
  mode: 'answer' | 'silent' | 'fail'
  close(): Promise<void>
}

/** The most bytes that a string of a TXT record holds. */
const longestString = 255
const serverFailure = 2
const noSuchName = 3

/** Starts one, over UDP, on any free port. */
export async function startNameServer(): Promise<NameServer> {
  const socket = createSocket('udp4')
  const server: Omit<NameServer, 'address'> = {
    records: new Map(),
    mode: 'answer',
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  }
  socket.on('message', (message, from) => {
    if (server.mode === 'silent') return
    socket.send(answerTo(message, server), from.port, from.address)
  })
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return Object.assign(server, { address: `127.0.0.1:${socket.address().port}` })
}

function answerTo(message: Buffer, { records, mode }: Pick<NameServer, 'records' | 'mode'>): Buffer {
  const { id = 0, questions = [] } = decode(message)
  const name = questions[0]?.name ?? ''
  const texts = records.get(name.toLowerCase())
  const code = mode === 'fail' ? serverFailure : texts === undefined ? noSuchName : 0
  const answers = (code === 0 ? (texts ?? []) : []).map((text): TxtAnswer => ({ type: 'TXT', name, ttl: 0, data: stringsOf(text) }))
  return encode({ type: 'response', id, flags: AUTHORITATIVE_ANSWER | RECURSION_DESIRED | code, questions, answers })
}

function stringsOf(text: string): string[] {
  return text.match(new RegExp(`.{1,${longestString}}`, 'gs')) ?? ['']
}
