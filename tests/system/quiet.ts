import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { timeSlice } from '../pace.ts'

/**
 * Whether the machine has time for us: what is promised in milliseconds is promised on one that does. A calibration
 * works for a quarter of a second while nothing of ours has anything to do, and looks at three things:
 *
 * - **rate**: slices of always the same work (tests/pace.ts) take on average at most 1.3 times as long as the fastest
 *   one that this process has ever seen. The machine is its own reference, so a slow one may be quiet too; a fastest
 *   slice is found on a busy machine as well, being shorter than a turn at the processor.
 * - **queue**: besides us, threads that run or want to (`procs_running` in /proc/stat) are on average no more than a
 *   quarter of the processors: half a thread on two. Not /proc/loadavg: it remembers our own servers for a minute.
 * - **steal**: the hypervisor gave at most 5 % of the processors' time to other machines (/proc/stat).
 *
 * Where there is no /proc, only the rate is known.
 */
export interface Calibration {
  /** What a slice took on average, in milliseconds. */
  readonly slice: number
  /** What the fastest one took that this process has seen. */
  readonly fastest: number
  readonly processors: number
  /** Threads that ran or wanted to, besides us; null: unknown. */
  readonly others: number | null
  /** The part of the processors' time that went to other machines; null: unknown. */
  readonly stolen: number | null
}

const limits = { slowdown: 1.3, othersPerProcessor: 0.25, stolen: 0.05 }

/** What speaks against the machine being quiet, in words; nothing: it is. */
export function disturbances({ slice, fastest, processors, others, stolen }: Calibration): readonly string[] {
  const found: string[] = []
  if (slice > limits.slowdown * fastest) found.push(`work takes ${(slice / fastest).toFixed(1)} times as long as at best`)
  if (others !== null && others > limits.othersPerProcessor * processors)
    found.push(`${others.toFixed(1)} others want one of ${processors} processors`)
  if (stolen !== null && stolen > limits.stolen) found.push(`${Math.round(stolen * 100)} % of the time was given to other machines`)
  return found
}

/** What /proc/stat says: threads that run or want to, and what the processors' time went to since the start. */
interface Usage {
  readonly runnable: number
  readonly stolen: number
  readonly total: number
}

/** @throws Error when it is not what proc_stat(5) says. */
export function usageIn(text: string): Usage {
  // user nice system idle iowait irq softirq steal; what guests used is part of user already.
  const times = /^cpu +(?<times>[\d ]+)$/m.exec(text)?.groups?.['times']?.split(' ').slice(0, 8).map(Number)
  const runnable = /^procs_running (\d+)$/m.exec(text)?.[1]
  const stolen = times?.[7]
  if (times === undefined || runnable === undefined || stolen === undefined) throw new Error(`not /proc/stat: ${text.slice(0, 200)}`)
  return { runnable: Number(runnable), stolen, total: times.reduce((sum, time) => sum + time, 0) }
}

function usage(): Usage | null {
  return process.platform === 'linux' ? usageIn(readFileSync('/proc/stat', 'utf8')) : null
}

let fastest = Number.POSITIVE_INFINITY
const duration = 250
const fewestSlices = 20
/** What our own servers do after the last answer (writing behind, telling others) is done by then. */
const aftermath = 300

/** Looks at the machine; whoever calls it has nothing under way. Between two slices everything else here has its turn. */
export async function calibrate(): Promise<Calibration> {
  await sleep(aftermath)
  const before = usage()
  const startedAt = performance.now()
  const slices: number[] = []
  let runnable = 0
  while (slices.length < fewestSlices || performance.now() - startedAt < duration) {
    slices.push(timeSlice())
    runnable += usage()?.runnable ?? 0
    await turn()
  }
  const after = usage()
  const known = before !== null && after !== null
  fastest = Math.min(fastest, ...slices)
  return {
    slice: slices.reduce((sum, slice) => sum + slice, 0) / slices.length,
    fastest,
    processors: availableParallelism(),
    others: known ? runnable / slices.length - 1 : null,
    stolen: known ? (after.stolen - before.stolen) / Math.max(1, after.total - before.total) : null,
  }
}
