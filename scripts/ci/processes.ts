/** Programs that CI starts, and how to end them with all their child processes. */
import { spawn, type ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A separate process that outlives this one, however it ends, and then ends the programs that still run: `+ID` on its
 * input is a program that has started, `-ID` one that has ended.
 */
export interface Guard {
  started(child: ChildProcess): void
  ended(child: ChildProcess): void
  /** No program runs any more. */
  dismiss(): void
}

export function startGuard(): Guard {
  const guard = spawn(process.execPath, [join(import.meta.dirname, 'guard.ts')], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  guard.unref()
  const tell = (line: string): void => void guard.stdin.write(`${line}\n`)
  return {
    started: ({ pid }) => tell(`+${pid}`),
    ended: ({ pid }) => tell(`-${pid}`),
    dismiss: () => void guard.stdin.end(),
  }
}

/** The process and all that descend from it, children before those that started them. */
export function familyOf(pid: number, parents: ReadonlyMap<number, number>): readonly number[] {
  const children = [...parents].filter(([, parent]) => parent === pid).map(([child]) => child)
  return [...children.flatMap((child) => familyOf(child, parents)), pid]
}

/** Asks the programs and their child processes to end, and kills those that remain after the grace period. */
export async function endFamilies(roots: readonly number[], graceMilliseconds: number): Promise<void> {
  const family = roots.flatMap((root) => familyOf(root, parentsNow()))
  for (const pid of family) signal(pid, 'SIGTERM')
  for (const until = performance.now() + graceMilliseconds; performance.now() < until && family.some(isAlive);) await sleep(50)
  for (const pid of family) signal(pid, 'SIGKILL')
}

/** Who started whom, from /proc. */
function parentsNow(): ReadonlyMap<number, number> {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return new Map(pids.flatMap((pid) => [parentOf(pid)].flatMap((parent) => (parent === null ? [] : [[pid, parent] as const]))))
}

function parentOf(pid: number): number | null {
  try {
    // "12 (a name) S 1 …": the name may hold anything, parentheses too.
    const [, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return Number(parent)
  } catch {
    return null // it has ended meanwhile
  }
}

const isAlive = (pid: number): boolean => signal(pid, 0)

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false // it has ended meanwhile
  }
}
