import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Databases } from '../database.ts'
import { runProgram, startServer, type StartedServer } from '../processes.ts'
import { cursorAt } from '../walk.ts'
import { idAt, sizesAt, type Sizes } from './layout.ts'
import { guest, permission, worksOf, type Work } from './work.ts'

/** One policy at one scale, and the server over it. */
export interface Side {
  readonly scale: number
  readonly sizes: Sizes
  readonly server: StartedServer
  readonly works: readonly Work[]
  readonly environment: Readonly<Record<string, string>>
  /** How long it took to make it all, in seconds. */
  readonly seconds: number
}

export interface Contest {
  readonly large: Side
  /** A tenth of it. */
  readonly small: Side
  /** better-auth with as many users and organizations as the large one. */
  readonly theirs: Pick<Side, 'server' | 'environment'>
  tidy(): Promise<void>
}

export async function prepare(large: Databases, small: Databases, scale: number): Promise<Contest> {
  const directory = await mkdtemp(join(tmpdir(), 'denizen-bench-'))
  const theirs = { DATABASE_URL: large.betterAuth, BENCH_SCALE: String(scale), BENCH_TOKENS: join(directory, 'theirs.json') }
  await runProgram({ file: 'access/seed-better-auth.ts', environment: theirs })
  const { tokens } = await read<{ tokens: readonly string[] }>(theirs.BENCH_TOKENS)
  return {
    large: await sideOf(large, scale, join(directory, 'large.json'), tokens),
    small: await sideOf(small, scale / 10, join(directory, 'small.json'), tokens),
    theirs: { server: await startServer({ file: 'access/better-auth-server.ts', environment: theirs }), environment: theirs },
    tidy: () => rm(directory, { recursive: true, force: true }),
  }
}

async function sideOf({ denizen }: Databases, scale: number, file: string, betterAuthTokens: readonly string[]): Promise<Side> {
  const master = { DENIZEN_MASTER_KEY: randomBytes(32).toString('base64url') }
  const environment = { DATABASE_URL: denizen, ...master, BENCH_SCALE: String(scale), BENCH_TOKENS: file }
  const { seconds } = (await runProgram({ file: 'access/seed-denizen.ts', environment })) as { seconds: number }
  console.log(`The policy at scale ${scale} was made in ${seconds.toFixed(0)} s.`)
  const { adminToken, tokens } = await read<{ adminToken: string; tokens: readonly string[] }>(file)
  const server = await startServer({ file: 'servers/denizen.ts', environment })
  const sizes = sizesAt(scale)
  const cursor = await cursorAt({
    port: server.port,
    token: tokens[guest] ?? '',
    action: 'access.listResources',
    filters: { permission, organizationId: idAt('org', 0) },
    depth: Math.floor((sizes.resourcesOfLarge * 0.9) / 100) * 100,
  })
  return { scale, sizes, server, works: worksOf({ sizes, adminToken, tokens, betterAuthTokens, cursor }), environment, seconds }
}

async function read<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T
}
