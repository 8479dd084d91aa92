import { readFileSync } from 'node:fs'

/**
 * Milliseconds since its start that this process's main thread could have run but
 * had no core (Linux: the run queue's delay in /proc/self/schedstat). What others
 * take from a measurement shows here, and nowhere else as directly.
 */
export function waitedForCore(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'utf8').split(' ')[1]) / 1e6
  } catch {
    return 0
  }
}
