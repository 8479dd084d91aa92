import { setTimeout as sleep } from 'node:timers/promises'

/** What became of the requests of somebody who lost something. Milliseconds since the answer to whoever took it. */
export interface Refusal {
  /** When the last request that was still answered had been sent; 0: none was. */
  readonly acceptedUntil: number
  /** When the first refusal arrived. */
  readonly refusedAfter: number
}

/** By the name of what was asked. */
export type Refusals = ReadonlyMap<string, Refusal>

/** What was seen of somebody who asked until they were refused. */
export interface Asked {
  readonly lastAcceptedAt: number
  readonly refusedAt: number
}

/** Asks all the time; `pause` keeps it from being measured how it goes with a machine that has no time. */
export async function askUntilRefused(isAccepted: () => Promise<boolean>, pause: number): Promise<Asked> {
  for (let lastAcceptedAt = 0; ;) {
    const sentAt = performance.now()
    if (!(await isAccepted())) return { lastAcceptedAt, refusedAt: performance.now() }
    lastAcceptedAt = sentAt
    await sleep(pause)
  }
}

export function refusalOf({ lastAcceptedAt, refusedAt }: Asked, takenAt: number): Refusal {
  const since = (at: number) => Math.max(0, at - takenAt)
  return { acceptedUntil: since(lastAcceptedAt), refusedAfter: since(refusedAt) }
}

/** Which of these were let in for longer than they may be, and for how long. */
export function tooLate(names: readonly string[], refusals: readonly Refusals[], share: number, most: number): readonly string[] {
  const until = (name: string) => quantile(refusals, name, 'acceptedUntil', share)
  return names.filter((name) => !(until(name) <= most)).map((name) => `${name}: ${until(name)} ms`)
}

/** Which of these were not let in for longer than that, although they are to be answered from memory meanwhile, and how often. */
export function tooEarly(names: readonly string[], refusals: readonly Refusals[], least: number): readonly string[] {
  return names.flatMap((name) => {
    const early = refusals.map((all) => all.get(name)?.acceptedUntil ?? 0).filter((until) => until <= least)
    return early.length === 0 ? [] : [`${name}: only until ${early.join(', ')} ms`]
  })
}

function quantile(refusals: readonly Refusals[], name: string, which: keyof Refusal, share: number): number {
  const sorted = refusals.map((all) => all.get(name)?.[which] ?? Number.NaN).sort((a, b) => a - b)
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
}

/** Prints the figures. */
export function tell(what: string, names: readonly string[], refusals: readonly Refusals[]): void {
  const lines = names.map((name) => {
    const figures = [0.5, 0.99, 1].map((share) => quantile(refusals, name, 'refusedAfter', share).toFixed(1))
    const accepted = [0.99, 1].map((share) => quantile(refusals, name, 'acceptedUntil', share).toFixed(1))
    return `  ${name}: refused after ${figures.join(' / ')} ms (median / p99 / worst of ${refusals.length}); last accepted after ${accepted.join(' / ')} ms (p99 / worst)`
  })
  console.log([`${what}:`, ...lines].join('\n'))
}
