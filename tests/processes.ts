import { spawn } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { isOverheard, overhear } from '../packages/core/testing/overheard.ts'
import { eventually, within } from './deadlines.ts'

const command = join(import.meta.dirname, '../apps/cli/src/main.ts')
/** What Node keeps of the sources it has compiled: with it a server is ready after 1.1 s of processor time instead of 2.0. */
const compiled = join(import.meta.dirname, '../node_modules/.cache/denizen-compiled')

export type Environment = Readonly<Record<string, string>>

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A process of our own, and what it has written so far. */
export interface Program {
  readonly pid: number
  readonly exit: Promise<Exit>
  stdout(): string
  stderr(): string
  send(signal: NodeJS.Signals): void
  /** Signals it and waits until it is gone. */
  end(signal: NodeJS.Signals): Promise<Exit>
}

export interface ServerProgram extends Program {
  readonly url: string
}

const running = new Map<number, Program>()
process.on('exit', () => {
  for (const { send } of running.values()) send('SIGKILL')
})

/** Ends what is still running: for afterAll, whether the tests passed or not. */
export async function endPrograms(): Promise<void> {
  await Promise.all([...running.values()].map((program) => program.end('SIGKILL')))
}

/** Starts the `denizen` command from its sources, in an environment of nothing of ours but what is given. `input` is its standard input. */
function denizen(parameters: readonly string[], environment: Environment = {}, input = ''): Program {
  const base = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', NO_COLOR: '1', NODE_COMPILE_CACHE: compiled }
  const child = spawn(process.execPath, ['--conditions=@denizen/source', command, ...parameters], {
    env: { ...base, ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => {}) // it may end without reading
  child.stdin.end(input)
  const written = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.stderr += text))
  child.once('close', () => {
    overhear(`standard error of ${parameters[0] ?? ''}`, written.stderr)
    // What a command answers may be a secret that is shown once; a server shows none.
    if (parameters[0] === 'serve') overhear('standard output of serve', written.stdout)
  })
  const { pid } = child
  if (pid === undefined) throw new Error('the process did not start')
  const program: Program = {
    pid,
    // `close`, not `exit`: only then has everything it wrote arrived.
    exit: new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal }))),
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    send: (signal) => void child.kill(signal),
    end(signal) {
      child.kill(signal)
      return within(20_000, `process ${pid} after ${signal}`, program.exit)
    },
  }
  running.set(pid, program)
  void program.exit.then(() => running.delete(pid))
  return program
}

/** A `denizen` command that ends by itself. */
export async function denizenToEnd(parameters: readonly string[], environment: Environment = {}, input = ''): Promise<Program & Exit> {
  const program = denizen(parameters, environment, input)
  const exit = await within(20_000, `denizen ${parameters.slice(0, 2).join(' ')}`, program.exit)
  return { ...program, ...exit }
}

/** Starts a server on 127.0.0.1 and waits until it is ready. */
export async function startServer(environment: Environment): Promise<ServerProgram> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const settings = {
    DENIZEN_HOST: '127.0.0.1',
    DENIZEN_PORT: String(port),
    DENIZEN_PUBLIC_URL: url,
    DENIZEN_LOG_LEVEL: isOverheard ? 'debug' : 'warn',
    DENIZEN_HASH_WORKERS: '1',
  }
  const program = denizen(['serve'], { ...settings, ...environment })
  let gone = false
  void program.exit.then(() => (gone = true))
  await eventually(60_000, `the server on ${url} being ready`, async () => {
    if (gone) throw new Error(`The server ended before it was ready:\n${program.stdout()}\n${program.stderr()}`)
    return isReady(url)
  })
  return { ...program, url }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })
    await answer.arrayBuffer()
    return answer.ok
  } catch {
    return false // not listening yet
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
