import { connect } from 'node:net'
import { createClient } from '@denizen/client'
import { setTimeout as sleep } from 'node:timers/promises'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openDatabase, type SystemDatabase } from '../database.ts'
import { eventually } from '../deadlines.ts'
import { endPrograms, startServer, type ServerProgram } from '../processes.ts'
import { expectKept } from './promise.ts'

// Work before trust: whoever is not known, or is nobody's trouble to become, sends as much as is taken, of what costs most, many at once.

/** The promise, in milliseconds: at the 99th percentile. */
const bound = 100
const founded = { version: 1, organization: 'founded' }
const atOnce = 8
/** Milliseconds that a flood lasts. */
const duration = 1000
/** Bytes: what is taken of everybody, and what an import may have. */
const [usual, largest] = [128 * 1024, 15 * 1024 * 1024]

let database: SystemDatabase
let server: ServerProgram
let guest: string
let founder: string
let founderId: string

beforeAll(async () => {
  database = await openDatabase()
  server = await startServer({ ...database.environment, NODE_OPTIONS: '--max-old-space-size=512' })
  guest = (await createClient({ url: server.url }).auth.createAnonymous()).accessToken
  const { as, user } = await database.people.signUp()
  await as.organizations.create({ name: 'Founded', slug: 'founded' })
  const assignments = Array.from({ length: 2000 }, (_, number) => ({ user: user.id, permission: `app.p${number}` }))
  await as.access.apply({ document: { version: 1, organization: 'founded', assignments } })
  founderId = user.id
  founder = (await database.people.signIn(user)).token
})
afterAll(async () => {
  await endPrograms()
  await database.close()
})

const repeated = (piece: string, bytes: number) => piece.repeat(Math.floor(bytes / piece.length))

/** Junk of that size: what a parser, a schema or a hash has most to do with. */
const junk: Readonly<Record<string, (bytes: number) => string>> = {
  'empty lists': (bytes) => `[${repeated('[],', bytes)}0]`,
  'as many values as are taken': (bytes) => `[${repeated('"aaaaaaaaaaaaaaaaaaaaa",', bytes)}0]`,
  'one long text': (bytes) => `"${repeated('a', bytes)}"`,
  'many keys': (bytes) => `[${Array.from({ length: Math.floor(bytes / 12_500) }, (_, number) => objectOf(number)).join(',')}]`,
  depth: (bytes) => `[${repeated(`${'['.repeat(50)}${']'.repeat(50)},`, bytes)}0]`,
  'a depth without end': (bytes) => '['.repeat(bytes),
}

function objectOf(number: number): string {
  return `{${Array.from({ length: 900 }, (_, key) => `"k${number}_${key}":1`).join(',')}}`
}

interface Flood {
  readonly what: string
  readonly path: string
  readonly bytes: number
  /** The body with the junk in it. */
  body(junk: string): string
  readonly credential?: () => string
  /** Whether calls above a few at once are refused for now. */
  readonly fewAtOnce?: true
}

const input = (field: string) => (value: string) => `{"json":{"${field}":${value}}}`
const keyed = (field: string) => (value: string) => `{"json":{"idempotencyKey":"${crypto.randomUUID()}","input":{"${field}":${value}}}}`

/** One of each class: limit × kind × caller, with a key and without. */
const floods: readonly Flood[] = [
  { what: 'a command of strangers', path: 'passkeys.finishSignIn', bytes: usual, body: input('response') },
  { what: 'the same with a key', path: 'once.organizations.leave', bytes: usual, body: keyed('organizationId') },
  {
    what: 'a guest’s command with a key',
    path: 'once.users.updatePreferences',
    bytes: usual,
    body: keyed('preferences'),
    credential: () => guest,
  },
  { what: 'a guest’s question', path: 'access.checkMany', bytes: usual, body: input('checks'), credential: () => guest },
  { what: 'a stranger’s import', path: 'users.import', bytes: largest, body: input('realm') },
  { what: 'a guest’s import with a key', path: 'once.users.import', bytes: largest, body: keyed('realm'), credential: () => guest },
  {
    what: 'a batch',
    path: `${Array.from({ length: 20 }, () => 'auth.signIn').join(',')}?batch=1`,
    bytes: usual,
    body: (value) => `{"0":{"json":{"identifier":${value}}}}`,
  },
]

/** Every junk in every flood, for the figures; else what costs most in each, and the rest in the first. */
const isWhole = process.env['DENIZEN_TEST_FLOODS'] === 'all'
const dearest: ReadonlySet<string> = new Set(['empty lists', 'many keys'])
const cases = floods.flatMap((flood, index) =>
  Object.entries(junk).flatMap(([of, make]) => (isWhole || index === 0 || dearest.has(of) ? [[flood.what, of, flood, make] as const] : [])),
)

/** Work of other kinds: annotations without a type below paths that get 60 segments longer with each key, and an issue for each text. */
const others: typeof cases = [
  [
    'a stranger’s meta',
    'endless paths',
    { what: '', path: 'auth.signIn', bytes: usual, body: (values) => `{"json":{},"meta":{"values":${values}}}` },
    () => `{"${'.'.repeat(60)}":`.repeat(58) + `{${Array.from({ length: 900 }, (_, key) => `"${key}":{}`).join(',')}}` + '}'.repeat(58),
  ],
  [
    'a stranger’s document',
    'wrong permissions',
    { what: '', path: 'access.diff', bytes: usual, body: input('document') },
    (bytes) => `{"version":1,"roles":{"r":{"permissions":[${repeated('"X y",', bytes - 100)}"X y"]}}}`,
  ],
  [
    'a founder’s document',
    'wrong permissions in many roles',
    { what: '', path: 'access.diff', bytes: 2 * usual, body: input('document'), credential: () => founder },
    () =>
      `{"version":1,"roles":{${Array.from({ length: 900 }, (_, role) => `"r${role}":{"permissions":[${repeated('"X y",', 900)}"X y"]}`).join(',')}}}`,
  ],
  [
    'a founder’s valid document',
    'as many tests as are taken, about somebody with as many assignments',
    { what: '', path: 'access.test', bytes: usual, body: live, credential: () => founder, fewAtOnce: true },
    () => JSON.stringify({ ...founded, tests: Array.from({ length: 20 }, () => ({ who: founderId, cannot: permissionsUpTo(2000) })) }),
  ],
  [
    'a founder’s valid plan',
    'many roles',
    { what: '', path: 'access.plan', bytes: usual, body: input('document'), credential: () => founder, fewAtOnce: true },
    () =>
      JSON.stringify({
        ...founded,
        roles: Object.fromEntries(permissionsUpTo(200).map((name) => [name, { permissions: permissionsUpTo(20) }])),
      }),
  ],
]

function live(document: string): string {
  return `{"json":{"document":${document},"live":true}}`
}

/** The last of so many permissions, up to a hundred. */
function permissionsUpTo(count: number): string[] {
  return Array.from({ length: Math.min(100, count) }, (_, number) => `app.p${count - 1 - number}`)
}

it.for([...cases, ...others])(
  `S1: case 60: %s of %s, ${atOnce} at once: /healthz is answered within ${bound} ms meanwhile`,
  async ([what, of, flood, make], context) => {
    await expectKept(
      context,
      `/healthz beside ${what} of ${of}`,
      async () => {
        const body = Buffer.from(flood.body(make(flood.bytes - 300)))
        const [asked, waits] = await beside(() => sendAll(flood, body))
        const late = percentile(waits, 0.99)
        console.log(`${what} of ${of}: ${asked} asked, /healthz p99 ${late.toFixed(0)} ms of ${waits.length}`)
        return late
      },
      (late) => (late > bound ? [`${late.toFixed(0)} ms`] : []),
    )
  },
)

it('S1: case 60: after all floods the process lives, and its memory is back', async () => {
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  await eventually(60_000, 'a heap of less than 160 MB', async () => (await metric('nodejs_heap_size_used_bytes')) < 160e6, 1000)
  console.log(`memory of the process: ${/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1] ?? '?'} kB`)
})

/** Makes work run for a while, and asks for /healthz meanwhile. Gives how much was done, and how long each answer took. */
async function beside(work: () => Promise<number>): Promise<readonly [asked: number, waits: readonly number[]]> {
  let isOver = false
  const done = work().finally(() => (isOver = true))
  const waits: number[] = []
  while (!isOver) {
    const startedAt = performance.now()
    const answer = await fetch(`${server.url}/healthz`)
    await answer.arrayBuffer()
    waits.push(performance.now() - startedAt)
    await sleep(10)
  }
  return [await done, waits]
}

async function sendAll(flood: Flood, body: Buffer): Promise<number> {
  const until = performance.now() + duration
  const stream = async (): Promise<number> => {
    let sent = 0
    while (performance.now() < until) {
      await send(flood, body)
      sent++
    }
    return sent
  }
  const counts = await Promise.all(Array.from({ length: atOnce }, stream))
  return counts.reduce((sum, count) => sum + count, 0)
}

/** Writes a request by hand, as much of it as the server takes: `fetch` would cost this process more than the server has to do. */
function send({ path, credential, fewAtOnce }: Flood, body: Buffer): Promise<void> {
  const { hostname, port } = new URL(server.url)
  const head = [
    `POST /trpc/${path} HTTP/1.1`,
    `Host: ${hostname}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close',
    ...(credential === undefined ? [] : [`Authorization: Bearer ${credential()}`]),
  ]
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {}).once('close', () => resolve())
    socket.once('data', (answer: Buffer) => {
      expect(answer.toString('latin1', 0, 12)).toMatch(fewAtOnce ? /^HTTP\/1\.1 (200|503)/ : /^HTTP\/1\.1 [24]0?/)
      socket.destroy()
    })
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    socket.write(body)
  })
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
}

function percentile(values: readonly number[], part: number): number {
  return values.toSorted((one, other) => one - other)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0
}
