import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer as createProbe } from 'node:net'
import { relative } from 'node:path'
import { DenizenError } from '@denizen/core/calls'
import { shellWord } from '@denizen/core/contract'
import type { Core } from '@denizen/core'
import type { Config, Runtime } from '@denizen/runtime'
import type { Command } from 'commander'
import { firstBanner, banner, credentialsText, type Admin } from './banner.ts'
import { defaultUrl } from '../connection.ts'
import { denizen } from '../common-options.ts'
import { usageError } from '../failure.ts'
import { stopsAsked } from '../interruption.ts'
import { inLine, print, note } from '../output.ts'

interface ServeOptions {
  readonly port?: string
  readonly host?: string
  readonly dataDir?: string
}

export function addServe(program: Command): void {
  const command = program.command('serve').description('Run the server')
  command
    .option('--port <number>', 'port to listen on (DENIZEN_PORT, default 4000)')
    .option('--host <address>', 'address to listen on (DENIZEN_HOST, default 127.0.0.1)')
    .option('--data-dir <dir>', 'where the embedded database is kept (DENIZEN_DATA_DIR, default ./denizen-data)')
  command.addHelpText(
    'after',
    '\nAll other settings are environment variables; "denizen doctor --all" lists them.\n\nExamples:\n  $ denizen serve\n  $ DATABASE_URL=postgres://… DENIZEN_MASTER_KEY=… denizen serve',
  )
  command.action(() => serve(command.opts<ServeOptions>()))
}

async function serve(options: ServeOptions): Promise<void> {
  const signal = stopSignal()
  try {
    await serveUntil(signal.given, options)
  } finally {
    signal.ignore()
  }
}

async function serveUntil(stopped: Promise<void>, options: ServeOptions): Promise<void> {
  const { localConfig } = await import('../local.ts')
  const { createRuntime } = await import('@denizen/runtime')
  const config = localConfig({}, settingsOf(options))
  await requirePort(config)
  if (await isNew(config)) note('Creating a new database, this once …')
  else if (process.stderr.isTTY) note('Starting …')
  const runtime = await createRuntime(config)
  try {
    // A start may wait: for another process that migrates, or a database that is silent.
    const started = runtime.start().then(() => true)
    const isStarted = await Promise.race([started, stopped.then(() => false)])
    started.catch(() => {}) // stopped in the middle of it
    if (isStarted) await listenUntil(stopped, runtime)
  } finally {
    await runtime.stop()
  }
}

/** Before anything is created, or a password is printed that is shown only once: throws if the port is taken. */
async function requirePort(config: Config): Promise<void> {
  const probe = createProbe().listen(config.port, config.host)
  try {
    await once(probe, 'listening')
  } catch (error) {
    throw await toListenError(error, config)
  } finally {
    probe.close()
  }
}

function settingsOf({ port, host, dataDir }: ServeOptions): Record<string, string> {
  for (const [option, value] of Object.entries({ '--port': port, '--host': host, '--data-dir': dataDir }))
    if (value?.trim() === '') throw usageError(`${option} is empty.`, `Say which, or leave it out for the default: ${denizen} serve --help`)
  return {
    ...(port === undefined ? {} : { DENIZEN_PORT: port }),
    ...(host === undefined ? {} : { DENIZEN_HOST: host }),
    ...(dataDir === undefined ? {} : { DENIZEN_DATA_DIR: dataDir }),
  }
}

async function isNew({ database }: Config): Promise<boolean> {
  const { clusterDirectory } = await import('@denizen/runtime')
  return database.kind === 'embedded' && !existsSync(clusterDirectory(database.directory))
}

async function listenUntil(stopped: Promise<void>, runtime: Runtime): Promise<void> {
  const { createServer } = await import('@denizen/api')
  const { core, config, metrics, logger } = runtime
  const { host, port, trustedProxies, bodyLimit, closingDelay } = config
  const admin = await makeAdmin(core)
  const server = createServer({
    core,
    host,
    port,
    trustedProxies,
    bodyLimit,
    closingDelay,
    logger,
    metrics: async () => ({ contentType: metrics.contentType, body: await metrics.expose() }),
  })
  try {
    await server.listen()
  } catch (error) {
    throw await toListenError(error, config)
  }
  const url = reachable(server.url)
  runtime.announce(url)
  print(admin === null ? banner(url, config) : firstBanner(url, config, admin))
  await stopped
  await server.close()
}

/** By its name: "all addresses" (0.0.0.0) is not one to connect to, and passkeys work for names only. */
function reachable(url: string): string {
  return url.replace(/\/\/(127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):/, '//localhost:')
}

/** On the first start of an installation: a superadmin with a random password, which is printed before there is no other way to learn it. */
async function makeAdmin(core: Core): Promise<Pick<Admin, 'username'> | null> {
  const account = { username: 'superadmin', password: randomPassword() }
  let isShown = false
  const user = await core.bootstrap(account, () => {
    print(credentialsText(account))
    isShown = true
  })
  if (isShown && user === null) note('Another process was first and has created the superadmin: the password above is of no use.')
  if (user !== null && user.username !== account.username) note(`The username was taken: sign in as ${inLine(user.username)}.`)
  return user
}

const alphabet = '23456789abcdefghjkmnpqrstuvwxyz'

/** 24 letters that are hard to confuse: 118 random bits. */
function randomPassword(): string {
  const letters: string[] = []
  while (letters.length < 24) {
    for (const byte of randomBytes(32)) {
      const letter = alphabet[byte & 31]
      if (letter !== undefined && letters.length < 24) letters.push(letter)
    }
  }
  return (letters.join('').match(/.{6}/g) ?? []).join('-')
}

/** The option with the folder of another server beside one that runs: the same folder, unless that one has it. */
async function besideIn({ database, port }: Config): Promise<string> {
  if (database.kind !== 'embedded') return ''
  const { readLockOwner } = await import('@denizen/runtime')
  if (readLockOwner(database.directory) !== null) return ` --data-dir ./denizen-data-${port + 1}`
  const folder = relative(process.cwd(), database.directory)
  return folder === 'denizen-data' ? '' : ` --data-dir ${shellWord(folder)}`
}

/** How it was started: npm hands on only what stands behind two dashes. */
const again = process.env['npm_lifecycle_event'] === 'start' ? 'npm start --' : `${denizen} serve`

async function toListenError(error: unknown, config: Config): Promise<unknown> {
  const { host, port } = config
  if (!(error instanceof Error) || !('code' in error)) return error
  const { hostAndPort } = await import('@denizen/runtime')
  const place = hostAndPort(host, port)
  if (error.code === 'EADDRINUSE') {
    const url = await denizenAt(reachable(`http://${place}`))
    return new DenizenError(
      'cli.portTaken',
      'conflict',
      url === null ? `Another program is listening on ${place}.` : `Denizen is running already, at ${url}.`,
      {
        next:
          url === null
            ? `Stop it, or choose another port: ${again} --port ${port + 1}`
            : `Use it: ${denizen} login${url === defaultUrl ? '' : ` --url ${url}`}\nTo run another one beside it: ${again} --port ${port + 1}${await besideIn(config)}`,
      },
      error,
    )
  }
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL') return usageError(`Cannot listen on ${place}: ${error.message}`)
  return error
}

/** The URL, if a Denizen answers there. */
async function denizenAt(url: string): Promise<string | null> {
  try {
    const { headers } = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })
    return headers.get('x-request-id')?.startsWith('req_') === true ? url : null
  } catch {
    return null // silent, or something else
  }
}

const stopSignals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const

/**
 * `given` resolves at the first signal to stop, also that of a terminal which is closed. Until `ignore` is called, the second ends the
 * process at once. That it stops is said here, because a start may take a while to notice.
 */
function stopSignal(): { readonly given: Promise<void>; ignore(): void } {
  const { promise: given, resolve } = Promise.withResolvers<void>()
  const asked = stopsAsked()
  const stop = (signal: keyof typeof stopSignals): void => {
    const which = asked()
    if (which === 'again') process.exit(128 + stopSignals[signal])
    if (which === 'first') note('Stopping: finishing what is running. Press Ctrl+C again to stop at once.')
    resolve()
  }
  const names = Object.keys(stopSignals)
  for (const name of names) process.on(name, stop)
  return {
    given,
    ignore() {
      for (const name of names) process.off(name, stop)
    },
  }
}
