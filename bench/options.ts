import { parseArgs } from 'node:util'

/** How long, how often and on how much is measured. */
export interface Options {
  readonly users: number
  readonly rounds: number
  /** Milliseconds that each run of load is measured for. */
  readonly duration: number
  /** The same for references and for passwords, whose rates are steady. */
  readonly shortDuration: number
  readonly warmUp: number
  /** Milliseconds: no round begins that would end later than this after the start. */
  readonly limit: number
  readonly connections: number
  /** Parts of contenders' names; empty: all. */
  readonly only: readonly string[]
  /** Whether a missed goal is a failure. */
  readonly check: boolean
  /** Where the servers leave their profiles of the processor; null: none are made. */
  readonly profileTo: string | null
  /** A commit to measure this version against, instead of anything else; null: none. */
  readonly compareWith: string | null
}

export const usage = `npm run bench -- [options]
  --quick            less than a minute: fewer users, shorter and fewer rounds
  --users <number>   users of each contender (default: 100000)
  --rounds <number>  interleaved rounds (default: 5)
  --only <text>      only contenders with this in their name; may be repeated
  --check            end with 1 when a goal is missed
  --compare <commit> Denizen as it is here and as it was then, interleaved; with --check, slower than then is a failure
  --profile <dir>    let the servers write profiles of the processor there (slows them down a little)`

const usual = { users: 100_000, rounds: 5, duration: 5000, shortDuration: 1500, warmUp: 300, limit: 236_000 }
const quick = { users: 20_000, rounds: 3, duration: 1200, shortDuration: 800, warmUp: 200, limit: 55_000 }

/** Throws a TypeError that says which argument is wrong. */
export function readOptions(given: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...given],
    options: {
      help: { type: 'boolean' },
      quick: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      users: { type: 'string' },
      rounds: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      profile: { type: 'string' },
      compare: { type: 'string' },
    },
  })
  if (values.help) return 'help'
  const chosen = values.quick ? quick : usual
  return {
    ...chosen,
    // More users take longer to fill in, which is not what the limit is for; nor is another version's install.
    limit: values.users === undefined && values.rounds === undefined && values.compare === undefined ? chosen.limit : Infinity,
    users: wholeNumber('users', values.users, 10_000) ?? chosen.users,
    rounds: wholeNumber('rounds', values.rounds, 1) ?? chosen.rounds,
    connections: 32,
    only: values.only,
    check: values.check,
    profileTo: values.profile ?? null,
    compareWith: values.compare ?? null,
  }
}

function wholeNumber(name: string, text: string | undefined, least: number): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least) throw new TypeError(`--${name} has to be a whole number from ${least}`)
  return value
}
