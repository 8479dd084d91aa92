import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** A server process as it reports of itself. */
export interface Usage {
  /** Bytes of memory resident. */
  readonly rss: number
  /** Milliseconds of processor time since its start. */
  readonly cpu: number
  /** Milliseconds since its start that its main thread wanted a core which others had; 0 where that is not told. */
  readonly waited: number
  /** What else it can say, such as how its cache does. */
  readonly details: Readonly<Record<string, number>>
}

export interface StartedServer {
  readonly port: number
  /** Milliseconds from its start until it said that it listens. */
  readonly startedIn: number
  usage(): Promise<Usage>
  stop(): Promise<void>
}

export interface Program {
  /** A file under bench/. */
  readonly file: string
  /** Another checkout's bench/; default: this one. */
  readonly folder?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly nodeOptions?: readonly string[]
  /** Default: the core that servers share, one at a time. */
  readonly pinned?: boolean
}

const serverCore = 0
const loadCore = 1

/** Whether servers and load get a core each. */
export const canPin = process.platform === 'linux' && availableParallelism() > 1 && hasTaskset()

/** Keeps this process, its threads and whatever it starts (but for the servers) off the servers' core. */
export async function pinSelf(): Promise<void> {
  if (canPin) await pin(process.pid)
}

/** Moves a process to the core of load and database; whether that could be done. */
export async function pin(pid: number): Promise<boolean> {
  try {
    await execute('taskset', ['-acp', String(loadCore), String(pid)])
    return true
  } catch {
    return false
  }
}

/** Starts a server program and waits until it listens. */
export async function startServer(program: Program): Promise<StartedServer> {
  const startedAt = performance.now()
  const child = start(program)
  const { port } = (await answerOf(child, program.file)) as { port: number }
  return {
    port,
    startedIn: performance.now() - startedAt,
    async usage() {
      tell(child, 'usage')
      return (await answerOf(child, program.file)) as Usage
    },
    async stop() {
      await ended(child, () => tell(child, 'stop'))
    },
  }
}

/** Runs a program to its end, and gives what it sent. */
export async function runProgram(program: Program): Promise<unknown> {
  return answerOf(start({ ...program, pinned: false }), program.file)
}

/** Ends what still runs, however far it has come. */
export async function endPrograms(): Promise<void> {
  await Promise.all([...running].map((child) => ended(child, () => child.kill('SIGKILL'))))
}

/** A program that has ended hears nothing; whoever waits for its answer is told so by `answerOf`. */
function tell(child: ChildProcess, message: 'usage' | 'stop'): void {
  child.send(message, () => undefined)
}

async function ended(child: ChildProcess, end: () => void): Promise<void> {
  if (!running.has(child)) return
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  end()
  await exited
}

const running = new Set<ChildProcess>()

function start({ file, folder = import.meta.dirname, environment = {}, nodeOptions = [], pinned = true }: Program): ChildProcess {
  const node = [process.execPath, '--conditions=@denizen/source', ...nodeOptions, join(folder, file)]
  const cores = canPin ? ['taskset', '-c', pinned ? String(serverCore) : `0-${availableParallelism() - 1}`] : []
  const [command = process.execPath, ...rest] = [...cores, ...node]
  const child = spawn(command, rest, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production', ...environment },
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

function answerOf(child: ChildProcess, file: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const left = (code: number | null): void => reject(new Error(`${file} ended with ${code} before it answered`))
    if (!running.has(child)) return left(child.exitCode)
    child.once('exit', left)
    child.once('message', (message) => {
      child.off('exit', left)
      resolve(message)
    })
  })
}

function hasTaskset(): boolean {
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
