import { createHash } from 'node:crypto'
import type { VerifiedReceipt } from '@denizen/core'
import { DenizenError } from '@denizen/core/calls'
import { isObject, type JsonObject } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addOutputOptions, denizen, formatOf, type OutputOptions } from '../common-options.ts'
import { usageError } from '../failure.ts'
import { readText } from '../input-files.ts'
import { printAnswer, record } from '../output.ts'
import { serverFetch } from '../server-fetch.ts'
import { erasedTable } from './users-purge.ts'

interface Options extends OutputOptions {
  readonly user?: string
  readonly salt?: string
  readonly keys?: string
  readonly server?: string
}

const keysPath = '/.well-known/erasure-receipt-keys.json'

/** Checks the receipt of a purge. It asks nobody, but a server for its keys if one is named. */
export function addVerifyReceipt(users: Command): void {
  const command = users
    .command('verify-receipt <file>')
    .description('Check the receipt of a purge, and say what it proves')
    .option('--user <id>', 'whose receipt it should be, by id; with --salt')
    .option('--salt <text>', 'the salt that came with the receipt')
    .option('--keys <file>', `the public keys of the installation (JWK set), as its ${keysPath} told them`)
    .option('--server <url>', 'ask this server for its public keys')
  addOutputOptions(command)
  command.addHelpText(
    'after',
    `
The file holds the receipt alone, or what "users purge --json" printed. Exit code 1: it proves nothing.

Examples:
  $ ${denizen} users verify-receipt receipt.json --keys keys.json
  $ ${denizen} users verify-receipt receipt.jws --server https://denizen.example.com
  $ ${denizen} users verify-receipt receipt.jws --user usr_01j… --salt pnq…`,
  )
  command.action((file: string) => verify(file, command.opts<Options>()))
}

async function verify(file: string, options: Options): Promise<void> {
  const { verifyErasureReceipt } = await import('@denizen/core') // brings jose
  const given = receiptIn(await readText(file))
  const keys = await keysOf(options)
  const verified = await verifyErasureReceipt(given.receipt, {
    keys,
    opening: openingOf(options, given),
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
  })
  if (verified === null) {
    const why = keys === null ? 'it is none, or it was changed' : 'it is none, it was changed, or none of the keys signed it'
    throw new DenizenError('cli.receiptInvalid', 'internal', `The receipt in ${file} proves nothing: ${why}.`)
  }
  if (verified.isOfUser === false)
    throw new DenizenError(
      'cli.receiptInvalid',
      'internal',
      `The receipt in ${file} is genuine in itself, and not of this user, or the salt is another one.`,
    )
  printAnswer(formatOf(options), verified, (shown) => `${verdict(shown)}\n\n${facts(shown)}\n\n${erasedTable(shown.tables)}`)
}

function verdict({ signedBy, keyId, isOfUser, issuer }: VerifiedReceipt): string {
  const signature =
    signedBy === 'knownKey'
      ? `The receipt is genuine: the key ${keyId} signed it, which is one of the given ones.`
      : `The receipt is whole: nobody has changed it since it was signed. Whether ${issuer} signed it is not shown: the key came with the receipt. Name the keys with --keys or --server.`
  const whose = isOfUser === true ? 'It is the receipt of this user.' : 'Whose it is was not checked: give --user and --salt.'
  return `${signature}\n${whose}`
}

function facts({ issuer, at, resources }: VerifiedReceipt): string {
  return record([
    ['installation', issuer],
    ['erased at', at],
    ['resources transferred', resources.transferred],
    ['resources deleted', resources.deleted],
  ])
}

interface Given {
  readonly receipt: string
  readonly userId?: unknown
  readonly salt?: unknown
}

/** The receipt alone, or the answer of `users purge`. */
function receiptIn(text: string): Given {
  if (!text.trimStart().startsWith('{')) return { receipt: text }
  const parsed = parsedJson(text)
  if (isObject(parsed) && typeof parsed['receipt'] === 'string') return { ...parsed, receipt: parsed['receipt'] }
  throw usageError('There is no receipt in the file.', `It is what "${denizen} users purge --json" printed, or the receipt alone.`)
}

function openingOf({ user, salt }: Options, given: Given): { readonly userId: string; readonly salt: string } | null {
  const [userId, opened] = [user ?? given.userId, salt ?? given.salt]
  if (typeof userId === 'string' && typeof opened === 'string') return { userId, salt: opened }
  if (user !== undefined || salt !== undefined) throw usageError('Give --user and --salt together.')
  return null
}

async function keysOf({ keys, server }: Options): Promise<readonly JsonObject[] | null> {
  if (keys !== undefined && server !== undefined) throw usageError('Give --keys or --server, and not both.')
  if (keys === undefined && server === undefined) return null
  const text = keys === undefined ? await asked(server ?? '') : await readText(keys)
  const set = parsedJson(text)
  const list = isObject(set) ? set['keys'] : undefined
  if (Array.isArray(list)) return list.filter((key) => isObject(key)) as JsonObject[]
  throw usageError('These are no keys: a JWK set is a JSON object with "keys".', `A server tells its own at ${keysPath}`)
}

async function asked(server: string): Promise<string> {
  if (!/^https?:\/\//.test(server)) throw usageError('--server is a URL: https://denizen.example.com')
  const url = server.replace(/\/+$/, '')
  const answer = await serverFetch(url, { debug: false })(url + keysPath).catch((error: unknown) => {
    throw new DenizenError('cli.keysUnavailable', 'unavailable', `${url} did not tell its keys: it does not answer.`, {}, error)
  })
  if (!answer.ok) throw new DenizenError('cli.keysUnavailable', 'unavailable', `${url} did not tell its keys (${answer.status}).`)
  return answer.text()
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw usageError('The file is no JSON.')
  }
}
