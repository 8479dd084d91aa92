import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, vi } from 'vitest'
import { compileCache } from '../../../../tests/compile-cache.ts'
import { eventually, within } from '../../../../tests/deadlines.ts'
import { run } from '../program.ts'

/** The command as it is installed. */
export const bin = join(import.meta.dirname, '../../bin/denizen.js')

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** Standard output, read as JSON. */
  json<Answer>(): Answer
  /** The error as `--json` tells it. */
  failure(): Failure
}

interface Failure {
  readonly code: string
  readonly message: string
  readonly next: string | null
  readonly details: Readonly<Record<string, unknown>>
}

export interface Running {
  readonly pid: number
  readonly ended: Promise<Ended>
  /** Waits until this was written, so many times. */
  says(text: string, times?: number): Promise<string>
  /** Types into a terminal; Ctrl-C is `\u0003`. */
  types(text: string): void
  /** Types the answer to each question, once it is asked. */
  answers(...asked: readonly (readonly [question: string, answer: string])[]): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<Ended>
}

interface Settings {
  readonly env?: Readonly<Record<string, string>>
  /** Standard input; without it, it is empty. */
  readonly input?: string
  /** Before the program's own arguments. */
  readonly node?: readonly string[]
  /** On a terminal of this width, made by util-linux' `script`; what the command writes is all in `stdout`. */
  readonly columns?: number
}

const limit = 60_000

/** Somebody at a keyboard: a home of their own, where commands run. It is removed after the file's tests. */
export class Terminal {
  readonly home = mkdtempSync(join(tmpdir(), 'denizen-cli-'))
  readonly #env: Readonly<Record<string, string>>
  readonly #running = new Set<Running>()

  constructor(env: Readonly<Record<string, string>> = {}) {
    this.#env = env
    afterAll(async () => {
      await Promise.all([...this.#running].map((program) => program.stop('SIGKILL')))
      rmSync(this.home, { recursive: true, force: true })
    })
  }

  /** Runs `denizen …` to its end. */
  async run(parameters: readonly string[], settings: Settings = {}): Promise<Ended> {
    return within(limit, `denizen ${parameters.join(' ')}`, this.start(parameters, settings).ended)
  }

  /** The same command without a process of its own, in the same home; `input` is its standard input. */
  here(parameters: readonly string[], env: Readonly<Record<string, string>> = {}, input: string | Buffer = ''): Promise<Ended> {
    // The working directory is vitest's, where somebody who tried `npm start` has a database.
    const places = { XDG_CONFIG_HOME: join(this.home, '.config'), DENIZEN_DATA_DIR: join(this.home, 'denizen-data') }
    return runHere(parameters, { ...places, ...this.#env, ...env }, input)
  }

  /** Starts `denizen …`. */
  start(parameters: readonly string[], { env = {}, input = '', node = [], columns }: Settings = {}): Running {
    const line = [process.execPath, ...node, bin, ...parameters]
    const [program = '', ...words] = columns === undefined ? line : onTerminal(line, columns)
    const child = spawn(program, words, {
      cwd: this.home,
      detached: true, // a group of its own: what it starts can be ended with it
      env: { PATH: process.env['PATH'] ?? '', HOME: this.home, NODE_COMPILE_CACHE: compileCache, ...this.#env, ...env },
    })
    const { pid } = child
    if (pid === undefined) throw new Error('the process did not start')
    const written = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (written.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (written.stderr += text))
    child.stdin.on('error', () => {}) // it may end without reading
    if (columns === undefined) child.stdin.end(input)
    let gone = false
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => {
        gone = true
        this.#running.delete(running)
        resolve(endedWith({ code, signal, ...written }))
      })
    })
    const running: Running = {
      pid,
      ended,
      says: (text, times = 1) =>
        eventually(limit, `denizen ${parameters.join(' ')} saying "${text}"`, async () => {
          const all = written.stdout + written.stderr
          if (all.split(text).length > times) return all
          if (gone) throw new Error(`it ended without saying "${text}":\n${written.stdout}\n${written.stderr}`)
          return undefined
        }),
      types: (text) => void child.stdin.write(text),
      async answers(...asked) {
        for (const [question, answer] of asked) {
          await running.says(question)
          running.types(`${answer}\r`)
        }
      },
      stop: (signal = 'SIGTERM') => {
        if (signal === 'SIGKILL') process.kill(-pid, signal)
        else child.kill(signal)
        return within(limit, `the end of denizen ${parameters.join(' ')}`, ended)
      },
    }
    this.#running.add(running)
    return running
  }

  /** Puts a file into the home and gives its path. */
  write(name: string, content: string | Buffer): string {
    const path = join(this.home, name)
    writeFileSync(path, content)
    return path
  }

  read(name: string): string {
    return readFileSync(join(this.home, name), 'utf8')
  }

  /** The rights of a file, as octal digits. */
  modeOf(name: string): string {
    return (statSync(join(this.home, name)).mode & 0o777).toString(8)
  }
}

/** The command line that runs another on a terminal. */
function onTerminal(line: readonly string[], columns: number): readonly string[] {
  const quoted = line.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
  return ['script', '--quiet', '--return', '--command', `stty columns ${columns} rows 24; exec ${quoted}`, '/dev/null']
}

/** Runs a command line in this process, at a tenth of the time: one at a time. */
export async function runHere(
  parameters: readonly string[],
  env: Readonly<Record<string, string>>,
  input: string | Buffer = '',
): Promise<Ended> {
  const written = { stdout: '', stderr: '' }
  const exitCode = process.exitCode
  process.exitCode = undefined
  const ours = Object.keys(process.env).filter((name) => /^DENIZEN_|^DATABASE_URL$/.test(name))
  for (const name of ours) vi.stubEnv(name, undefined)
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += String(text)
      return true
    }),
  )
  const stdin = vi
    .spyOn(process, 'stdin', 'get')
    .mockReturnValue(Readable.from([typeof input === 'string' ? Buffer.from(input) : input]) as never)
  try {
    return endedWith({ code: await run(parameters), signal: null, ...written })
  } finally {
    for (const spy of [...spies, stdin]) spy.mockRestore()
    vi.unstubAllEnvs()
    process.exitCode = exitCode
  }
}

function endedWith(written: Pick<Ended, 'code' | 'signal' | 'stdout' | 'stderr'>): Ended {
  return {
    ...written,
    json: () => JSON.parse(written.stdout) as never,
    failure() {
      const [line = ''] = /^\{"error":.*\}$/m.exec(written.stderr) ?? []
      if (line === '') throw new Error(`no error in JSON: ${written.stderr}`)
      return (JSON.parse(line) as { error: Failure }).error
    },
  }
}
