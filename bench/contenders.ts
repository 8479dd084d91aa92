import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import type { RequestSource } from './connection.ts'
import type { Databases } from './database.ts'
import type { Options } from './options.ts'
import { runProgram, startServer, type Program, type StartedServer } from './processes.ts'
import {
  bareCall,
  createBetterAuthUser,
  createUser,
  getSession,
  getSessionWithApiKey,
  hotSessions,
  issueWebsocket,
  updateBetterAuthUser,
  updateUser,
  verifyToken,
  whoAmI,
  withApiKey,
} from './requests.ts'
import type { Seeded } from './seed/options.ts'

export type ContenderName = (typeof contenderNames)[number]

export const contenderNames = [
  'whoami: Denizen, cached',
  'whoami: Denizen, uncached',
  'whoami: bare tRPC',
  'whoami: bare node:http',
  'whoami: better-auth',
  'API token: Denizen',
  'API token: Denizen, one hot key',
  'API token: Denizen, tokens.verify',
  'API token: better-auth',
  'API token: better-auth, one hot key',
  'websocket token: Denizen',
  'create: Denizen',
  'create: better-auth',
  'create with password: Denizen',
  'create with password: better-auth',
  'update: Denizen',
  'update: better-auth',
] as const

/** A server and what it is asked. */
export interface Contender<Name extends string = ContenderName> {
  readonly name: Name
  readonly server: StartedServer
  readonly requests: RequestSource
  /** Whether its rate is so steady, or so low, that a short run tells as much. */
  readonly short: boolean
  /** Answers that it takes before the server is in the state that is to be measured. */
  readonly warmUpAnswers: number
}

export interface Contest {
  readonly contenders: readonly Contender[]
  /** Milliseconds until Denizen listened: on an empty database, and on a filled one. */
  readonly starts: { readonly first: number; readonly later: number }
  stop(): Promise<void>
}

/** Fills the databases and starts every server. */
export async function prepare(databases: Databases, options: Options): Promise<Contest> {
  const environment = { DATABASE_URL: databases.denizen, DENIZEN_MASTER_KEY: randomBytes(32).toString('base64url') }
  const empty = await startServer({ file: 'servers/denizen.ts', environment })
  await empty.stop()
  const [ours, theirs] = await seed(environment, databases.betterAuth, options)
  const nodeOptions = await profiling(options)
  const denizen = await startServer({ file: 'servers/denizen.ts', environment, nodeOptions })
  const betterAuth = await startServer({ file: 'servers/better-auth.ts', environment: { DATABASE_URL: databases.betterAuth }, nodeOptions })
  const answer = await answerOf(denizen, ours)
  const payload = JSON.stringify((JSON.parse(answer) as { result: { data: unknown } }).result.data)
  const bareTrpc = await startServer({
    file: 'servers/bare-trpc.ts',
    environment: { ...environment, BENCH_PAYLOAD: payload },
    nodeOptions,
  })
  const bareHttp = await startServer({ file: 'servers/bare-http.ts', environment: { BENCH_ANSWER: answer } })
  const servers = { denizen, betterAuth, bareTrpc, bareHttp }
  return {
    contenders: contendersOf(servers, ours, theirs).filter(({ name }) => isWanted(name, options)),
    starts: { first: empty.startedIn, later: denizen.startedIn },
    async stop() {
      await Promise.all(Object.values(servers).map((server) => server.stop()))
    },
  }
}

function contendersOf(
  { denizen, betterAuth, bareTrpc, bareHttp }: Record<'denizen' | 'betterAuth' | 'bareTrpc' | 'bareHttp', StartedServer>,
  ours: Seeded,
  theirs: Seeded,
): Contender[] {
  const hot = ours.kept.slice(0, hotSessions)
  const cold = ours.kept.slice(hotSessions)
  const { apiTokens = [] } = ours
  const { apiTokens: apiKeys = [] } = theirs
  const same = ours.kept[0]?.fragment ?? ''
  const long = { short: false, warmUpAnswers: 0 }
  const short = { short: true, warmUpAnswers: 0 }
  const [ourAdmin, theirAdmin] = [ours.adminToken, theirs.adminToken]
  return [
    { ...long, name: 'whoami: Denizen, cached', server: denizen, requests: whoAmI(hot), warmUpAnswers: hot.length },
    { ...long, name: 'whoami: Denizen, uncached', server: denizen, requests: whoAmI(cold) },
    { ...long, name: 'whoami: bare tRPC', server: bareTrpc, requests: bareCall('/trpc/bare.whoami', hot, same) },
    { ...short, name: 'whoami: bare node:http', server: bareHttp, requests: bareCall('/', hot, same) },
    { ...long, name: 'whoami: better-auth', server: betterAuth, requests: getSession(theirs.kept) },
    { ...short, name: 'API token: Denizen', server: denizen, requests: withApiKey(apiTokens), warmUpAnswers: apiTokens.length },
    { ...short, name: 'API token: Denizen, one hot key', server: denizen, requests: withApiKey(apiTokens.slice(0, 1)) },
    { ...short, name: 'API token: Denizen, tokens.verify', server: denizen, requests: verifyToken(ourAdmin, apiTokens) },
    { ...short, name: 'API token: better-auth', server: betterAuth, requests: getSessionWithApiKey(apiKeys) },
    { ...short, name: 'API token: better-auth, one hot key', server: betterAuth, requests: getSessionWithApiKey(apiKeys.slice(0, 1)) },
    { ...short, name: 'websocket token: Denizen', server: denizen, requests: issueWebsocket(hot) },
    { ...long, name: 'create: Denizen', server: denizen, requests: createUser(ourAdmin, plain) },
    { ...long, name: 'create: better-auth', server: betterAuth, requests: createBetterAuthUser(theirAdmin, plain) },
    { ...short, name: 'create with password: Denizen', server: denizen, requests: createUser(ourAdmin, secret) },
    { ...short, name: 'create with password: better-auth', server: betterAuth, requests: createBetterAuthUser(theirAdmin, secret) },
    { ...long, name: 'update: Denizen', server: denizen, requests: updateUser(ourAdmin, ours.userIds ?? []) },
    { ...long, name: 'update: better-auth', server: betterAuth, requests: updateBetterAuthUser(theirAdmin, theirs.userIds ?? []) },
  ]
}

const plain = { withPassword: false }
const secret = { withPassword: true }

export function isWanted(name: string, { only }: Options): boolean {
  return only.length === 0 || only.some((part) => name.toLowerCase().includes(part.toLowerCase()))
}

/** Both at once: each is one connection to its own database. */
function seed(environment: Readonly<Record<string, string>>, betterAuth: string, options: Options): Promise<[Seeded, Seeded]> {
  const theirs = { file: 'seed/better-auth.ts', environment: { DATABASE_URL: betterAuth } }
  return Promise.all([fill({ file: 'seed/denizen.ts', environment }, options), fill(theirs, options)])
}

/** Runs a program that fills a database. */
export async function fill(program: Program, { users }: Pick<Options, 'users'>): Promise<Seeded> {
  const directory = await mkdtemp(join(tmpdir(), 'denizen-bench-'))
  // More sessions than the principal cache holds, or there would be no uncached calls.
  const amounts = { BENCH_USERS: String(users), BENCH_SESSIONS: String(Math.max(users, 60_000)) }
  const tokens = join(directory, 'tokens.json')
  try {
    await runProgram({ ...program, environment: { ...program.environment, ...amounts, BENCH_TOKENS: tokens } })
    return JSON.parse(await readFile(tokens, 'utf8')) as Seeded
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function profiling({ profileTo }: Options): Promise<string[]> {
  if (profileTo === null) return []
  await mkdir(profileTo, { recursive: true })
  return ['--cpu-prof', `--cpu-prof-dir=${profileTo}`]
}

/** What Denizen answers to the first session; the bare servers give the very same bytes. */
async function answerOf({ port }: StartedServer, { kept }: Seeded): Promise<string> {
  const headers = { authorization: `Bearer ${kept[0]?.token}` }
  const response = await fetch(`http://127.0.0.1:${port}/trpc/sessions.whoami`, { headers })
  if (!response.ok) throw new Error(`Denizen answered ${response.status}: ${await response.text()}`)
  return response.text()
}
