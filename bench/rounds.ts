import type { Contender, ContenderName } from './contenders.ts'
import { measure, type Measured } from './load.ts'
import type { Options } from './options.ts'

/** One run of load on one contender. */
export interface Run extends Measured {
  /** Bytes that the server had resident at its end. */
  readonly rss: number
  /** Part of a core that the server used, warm-up included. */
  readonly serverBusy: number
}

/** Every run of every contender, by round. */
export type Runs = ReadonlyMap<ContenderName, readonly Run[]>

/** All contenders in turn, round by round; each round begins with another one. `warmed` is called before the first. */
export async function runRounds(contenders: readonly Contender[], options: Options, warmed: () => Promise<void>): Promise<Runs> {
  for (const contender of contenders) await runOnce(contender, { ...options, duration: options.warmUp, shortDuration: options.warmUp })
  await warmed()
  const runs = new Map<ContenderName, Run[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round < options.rounds; round++) {
    const first = (round * 2) % contenders.length
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      runs.get(contender.name)?.push(await runOnce(contender, options))
    }
    console.log(
      `round ${round + 1} of ${options.rounds}: ${[...runs].map(([name, own]) => `${name} ${own[round]?.rate.toFixed(0)}/s`).join('; ')}`,
    )
  }
  return runs
}

async function runOnce({ name, server, requests, short, verify }: Contender, options: Options): Promise<Run> {
  const { connections, warmUp, duration, shortDuration } = options
  const before = await server.usage()
  const startedAt = performance.now()
  const measured = await measure({ port: server.port, requests, connections, warmUp, duration: short ? shortDuration : duration })
  const after = await server.usage()
  const elapsed = performance.now() - startedAt
  if (measured.answers === 0) throw new Error(`${name} answered nothing`)
  verify?.(before, after)
  return { ...measured, rss: after.rss, serverBusy: (after.cpu - before.cpu) / elapsed }
}
