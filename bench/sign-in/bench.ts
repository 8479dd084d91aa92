import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import type { RequestSource } from '../connection.ts'
import { createDatabases } from '../database.ts'
import { measure, type Measured } from '../load.ts'
import { endPrograms, runProgram, startServer, type StartedServer } from '../processes.ts'
import { whoAmI } from '../requests.ts'
import { ratioOf, spreadOf, type Spread } from '../statistics.ts'

const usage = `npm run bench:sign-in -- [options]
  --rounds <number>  interleaved rounds (default: 5)
  --check            end with 1 when a goal is missed`

const password = 'correct horse battery staple'
const users = 400
const duration = 4000

/**
 * Sign-ins over HTTP beside what the machine could hash if it did nothing else; who-am-I
 * alone and beside 16 who sign in all the time; memory with 200 who sign in at once.
 * The server has one hashing thread, as by default on two cores. Gives the exit code.
 */
export async function benchSignIn(given: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...given],
    options: { help: { type: 'boolean' }, rounds: { type: 'string', default: '5' }, check: { type: 'boolean', default: false } },
  })
  if (values.help === true) {
    console.log(usage)
    return 0
  }
  const databases = await createDatabases()
  const tidy = async (): Promise<void> => {
    await endPrograms()
    await databases.drop()
  }
  process.once('SIGINT', () => void tidy().finally(() => process.exit(130)))
  try {
    const environment = {
      DATABASE_URL: databases.denizen,
      DENIZEN_MASTER_KEY: randomBytes(32).toString('base64url'),
      DENIZEN_HASH_QUEUE: '256',
      BENCH_PASSWORD: password,
      BENCH_USERS: String(users),
      BENCH_DURATION: String(duration),
    }
    const { token } = (await runProgram({ file: 'sign-in/seed.ts', environment })) as { token: string }
    const server = await startServer({ file: 'servers/denizen.ts', environment, pinned: false })
    const found = await runRounds(server, token, environment, Number(values.rounds))
    console.log(`\n${databases.description}, Node ${process.versions.node}`)
    return report(found) && values.check ? 1 : 0
  } finally {
    await tidy()
  }
}

interface Found {
  readonly raw: number[]
  readonly signIn: Measured[]
  readonly alone: Measured[]
  readonly beside: Measured[]
  readonly besideSignIn: Measured[]
  readonly crowd: Measured[]
  /** Megabytes, after the crowd. */
  readonly memory: number[]
}

async function runRounds(
  server: StartedServer,
  token: string,
  environment: Readonly<Record<string, string>>,
  rounds: number,
): Promise<Found> {
  const found: Found = { raw: [], signIn: [], alone: [], beside: [], besideSignIn: [], crowd: [], memory: [] }
  const asking = whoAmI([{ token, fragment: '"username":"user-0"' }])
  const signingIn = signIns()
  for (let round = 0; round < rounds; round++) {
    const { rate } = (await runProgram({ file: 'sign-in/raw.ts', environment })) as { rate: number }
    found.raw.push(rate)
    found.signIn.push(await load(server, signingIn, 16))
    found.alone.push(await load(server, asking, 32))
    const [beside, besideSignIn] = await Promise.all([load(server, asking, 32), load(server, signingIn, 16)])
    found.beside.push(beside)
    found.besideSignIn.push(besideSignIn)
    found.crowd.push(await load(server, signingIn, 200))
    found.memory.push((await server.usage()).rss / 1024 ** 2)
    console.log(`round ${round + 1} of ${rounds} is done`)
  }
  return found
}

function load({ port }: StartedServer, requests: RequestSource, connections: number): Promise<Measured> {
  const nothing = async (): Promise<void> => {}
  return measure({ port, requests, connections, warmUp: 500, warmUpAnswers: connections, duration, settled: nothing, aside: nothing })
}

/** Each user in turn. */
function signIns(): RequestSource {
  let next = 0
  return () => {
    const username = `user-${next++ % users}`
    const body = JSON.stringify({ json: { identifier: username, password } })
    const head = `POST /trpc/auth.signIn HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
    return { text: head + body, fragment: `"username":"${username}"` }
  }
}

/** Prints what was found; whether a goal was missed. */
function report(found: Found): boolean {
  const rates = (runs: readonly Measured[]): number[] => runs.map(({ rate }) => rate)
  const rows: readonly (readonly [string, Spread])[] = [
    ['argon2id alone, one thread, /s', spreadOf(found.raw)],
    ['sign-in, 16 at once, /s', spreadOf(rates(found.signIn))],
    ['sign-in, p99, ms', spreadOf(found.signIn.map(({ p99 }) => p99))],
    ['who-am-I alone, /s', spreadOf(rates(found.alone))],
    ['who-am-I beside 16 who sign in, /s', spreadOf(rates(found.beside))],
    ['sign-in beside who-am-I, /s', spreadOf(rates(found.besideSignIn))],
    ['sign-in, 200 at once, /s', spreadOf(rates(found.crowd))],
  ]
  for (const [name, spread] of rows) console.log(`${name.padEnd(38)} ${textOf(spread)}`)
  const goals: readonly (readonly [string, Spread, boolean, string])[] = [
    goal('sign-in ÷ raw argon2id', ratioOf(rates(found.signIn), found.raw), '≥ 0.9', (value) => value >= 0.9),
    goal('who-am-I beside sign-ins ÷ alone', ratioOf(rates(found.beside), rates(found.alone)), '≥ 0.5', (value) => value >= 0.5),
    goal('memory after 200 at once, MB', spreadOf(found.memory), '≤ 400', (value) => value <= 400),
  ]
  for (const [name, spread, held, limit] of goals)
    console.log(`${name.padEnd(38)} ${textOf(spread)}  goal ${limit}: ${held ? 'pass' : 'MISS'}`)
  return goals.some(([, , held]) => !held)
}

function goal(name: string, spread: Spread, limit: string, holds: (median: number) => boolean) {
  return [name, spread, holds(spread.median), limit] as const
}

function textOf({ median, minimum, maximum }: Spread): string {
  const digits = maximum < 10 ? 2 : 0
  return `${median.toFixed(digits)} (${minimum.toFixed(digits)} – ${maximum.toFixed(digits)})`
}
