import type { Contender, ContenderName } from './contenders.ts'
import { measure, type Measured } from './load.ts'
import type { Options } from './options.ts'
import type { Usage } from './processes.ts'

/** One run of load on one contender. */
export interface Run extends Measured {
  /** Bytes that the server had resident at its end. */
  readonly rss: number
  /** Part of a core that the server used. */
  readonly serverBusy: number
  /** Part of the time that the server wanted a core which others had. */
  readonly serverWaited: number
  /** Microseconds of processor time in the server for each answer: hardly touched by what else the machine does. */
  readonly serverCost: number
  /** Part of the answers that came from the principal cache; null where there is none. */
  readonly fromCache: number | null
}

/** Every run of every contender, by round. */
export type Runs<Name extends string = ContenderName> = ReadonlyMap<Name, readonly Run[]>

/** All contenders in turn, round by round; each round begins with another one. `settled` is called after each warm-up. */
export async function runRounds<Name extends string>(
  contenders: readonly Contender<Name>[],
  options: Options,
  settled: () => Promise<void>,
): Promise<Runs<Name>> {
  const once = { ...options, duration: options.warmUp, shortDuration: options.warmUp }
  for (const contender of contenders) await runOnce(contender, once, settled)
  const runs = new Map<Name, Run[]>(contenders.map(({ name }) => [name, []]))
  let longest = 0
  for (let round = 0; round < options.rounds; round++) {
    const startedAt = performance.now()
    if (round > 0 && startedAt + longest > options.limit) {
      console.log(`No time is left for more than ${round} rounds: the machine is busy with something else.`)
      break
    }
    const first = (round * 2) % contenders.length
    for (const contender of [...contenders.slice(first), ...contenders.slice(0, first)]) {
      runs.get(contender.name)?.push(await runOnce(contender, options, settled))
    }
    longest = Math.max(longest, performance.now() - startedAt)
    console.log(
      `round ${round + 1} of ${options.rounds}: ${[...runs].map(([name, own]) => `${name} ${own[round]?.rate.toFixed(0)}/s`).join('; ')}`,
    )
  }
  return runs
}

async function runOnce(
  { name, server, requests, short, warmUpAnswers }: Contender<string>,
  options: Options,
  settled: () => Promise<void>,
): Promise<Run> {
  const { connections, warmUp, duration, shortDuration } = options
  const usages: (Usage & { readonly at: number })[] = []
  const measured = await measure({
    port: server.port,
    requests,
    connections,
    warmUp,
    warmUpAnswers,
    duration: short ? shortDuration : duration,
    settled,
    aside: async () => void usages.push({ ...(await server.usage()), at: performance.now() }),
  })
  const [before, after] = usages
  if (before === undefined || after === undefined || measured.answers === 0) throw new Error(`${name} answered nothing`)
  const serverBusy = (after.cpu - before.cpu) / (after.at - before.at)
  return {
    ...measured,
    rss: after.rss,
    serverBusy,
    serverWaited: (after.waited - before.waited) / (after.at - before.at),
    serverCost: (serverBusy / measured.rate) * 1e6,
    fromCache: fromCache(before, after),
  }
}

function fromCache({ details: before }: Usage, { details: after }: Usage): number | null {
  const grown = (counter: string): number => (after[counter] ?? 0) - (before[counter] ?? 0)
  const hits = grown('hits')
  const lookedUp = hits + grown('misses')
  return lookedUp === 0 ? null : hits / lookedUp
}
