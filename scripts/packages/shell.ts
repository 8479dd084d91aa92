import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

export interface Ended {
  readonly code: number | null
  /** Standard output and standard error, one after the other. */
  readonly output: string
}

export interface ShellOptions {
  readonly cwd: string
  readonly environment?: Readonly<Record<string, string>>
}

/** Runs a program until it ends, however it ends. */
export async function ended(command: string, parameters: readonly string[], { cwd, environment = {} }: ShellOptions): Promise<Ended> {
  const child = spawn(command, parameters, { cwd, env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
  const code = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), code])
  return { code: await code, output: stdout + stderr }
}

/** Runs a program that must succeed, and gives what it printed. */
export async function run(command: string, parameters: readonly string[], options: ShellOptions): Promise<string> {
  const { code, output } = await ended(command, parameters, options)
  if (code === 0) return output
  throw new Error(`${command} ${parameters.join(' ')}, in ${options.cwd}, ended with ${code}:\n${output}`)
}
