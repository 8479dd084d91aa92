import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'

/**
 * Copies of the migrated template, made ahead by the process that starts the run: a file of tests finds one ready, and does
 * not wait for the one that it had to be dropped. The two sides speak by files in a folder, one for each copy, whose name
 * says its state; a rename has one winner.
 */
const states = ['ready', 'taken', 'released', 'kept'] as const
type State = (typeof states)[number]

/** So many wait to be taken: as many as are taken while one is made. */
const readyCopies = 4

/** The side that makes and drops them. */
export interface Copies {
  /** Where the other side looks. */
  readonly folder: string
  /** Drops what is left. Gives the names of those that failed tests want to keep. */
  stop(): Promise<string[]>
}

export async function makeCopies(server: string, template: string): Promise<Copies> {
  const folder = await mkdtemp(join(tmpdir(), 'denizen-copies-'))
  const client = new Client({ connectionString: server })
  await client.connect()
  const { rows } = await client.query<{ fsync: string }>('show fsync')
  // A copy of files asks for a checkpoint, and so does a drop: cheap on a server that flushes nothing, seconds on another.
  const flushes = rows[0]?.fsync !== 'off'
  let stopped = false
  const working = (async () => {
    while (!stopped) {
      const names = await byState(folder)
      if (names.ready.length < readyCopies) await make(client, folder, { template, strategy: flushes ? 'wal_log' : 'file_copy' })
      else if (!flushes && names.released.length > 0) await drop(client, folder, names.released)
      else await sleep(20)
    }
  })()
  working.catch(() => undefined) // told by stop(); until then, whoever finds none ready makes their own
  return {
    folder,
    async stop() {
      stopped = true
      await working
      const { ready, released, taken, kept } = await byState(folder)
      // Whoever was ended by force, or by a failing test, released nothing.
      await drop(client, folder, [...ready, ...released])
      await client.end()
      await rm(folder, { recursive: true, force: true })
      return [...kept, ...taken]
    },
  }
}

async function make(client: Client, folder: string, { template, strategy }: { template: string; strategy: string }): Promise<void> {
  const name = copyName(template)
  await client.query(`create database "${name}" template "${template}" strategy ${strategy}`)
  await writeFile(join(folder, `${name}.ready`), '')
}

async function drop(client: Client, folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await client.query(`drop database if exists "${name}" with (force)`)
    for (const state of states) await rm(join(folder, `${name}.${state}`), { force: true })
  }
}

/** A name for another database of this run. */
export function copyName(template: string): string {
  return `${template}_${randomBytes(6).toString('hex')}`
}

/** Takes a copy that is ready; null: none is. */
export async function takeCopy(folder: string): Promise<string | null> {
  for (const name of (await byState(folder)).ready) {
    if (await moved(folder, name, 'ready', 'taken')) return name
  }
  return null
}

/** Gives a database of this run back, wherever it came from. */
export async function releaseCopy(folder: string, name: string): Promise<void> {
  await hand(folder, name, 'released')
}

/** Keeps one for somebody to look at. */
export async function keepCopy(folder: string, name: string): Promise<void> {
  await hand(folder, name, 'kept')
}

async function hand(folder: string, name: string, state: State): Promise<void> {
  if (!(await moved(folder, name, 'taken', state))) await writeFile(join(folder, `${name}.${state}`), '')
}

async function moved(folder: string, name: string, from: State, to: State): Promise<boolean> {
  try {
    await rename(join(folder, `${name}.${from}`), join(folder, `${name}.${to}`))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false // somebody else was first
    throw error
  }
}

async function byState(folder: string): Promise<Record<State, string[]>> {
  const found: Record<State, string[]> = { ready: [], taken: [], released: [], kept: [] }
  for (const file of await readdir(folder)) {
    const [name = '', state] = file.split('.')
    if (states.includes(state as State)) found[state as State].push(name)
  }
  return found
}
