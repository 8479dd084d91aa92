import type { Contest, ContenderName } from './contenders.ts'
import type { Run, Runs } from './rounds.ts'
import { ratioOf, spreadOf, type Spread } from './statistics.ts'

/** A limit that PERFORMANCE.md sets, and what this run says to it. */
export interface Goal {
  readonly name: string
  readonly limit: string
  readonly unit: '×' | 'ms' | 'MB' | 's'
  readonly measured: Spread
  readonly met: boolean
}

type Unit = Goal['unit']

interface Part {
  readonly runs: Runs
  readonly starts: Contest['starts']
}

/** Goals of which no part was left out. Ratios and latencies count by the median, memory and starts by the worst. */
export function goalsOf(part: Part): Goal[] {
  const { runs, starts } = part
  const cached = 'whoami: Denizen, cached'
  const uncached = 'whoami: Denizen, uncached'
  return [
    ...ratio(part, 'who-am-I cached ÷ better-auth', cached, 'whoami: better-auth', 30),
    ...ratio(part, 'who-am-I uncached ÷ better-auth', uncached, 'whoami: better-auth', 12),
    ...ratio(part, 'who-am-I cached ÷ bare tRPC', cached, 'whoami: bare tRPC', 0.8),
    ...ratio(part, 'API token ÷ better-auth', 'API token: Denizen', 'API token: better-auth', 20),
    ...ratio(part, 'API token, one hot key ÷ better-auth', 'API token: Denizen, one hot key', 'API token: better-auth, one hot key', 20),
    ...ratio(part, 'create ÷ better-auth', 'create: Denizen', 'create: better-auth', 4),
    ...ratio(part, 'update ÷ better-auth', 'update: Denizen', 'update: better-auth', 4),
    ...most(runs.get(cached), 'who-am-I cached, p99', 'ms', 5, ({ p99 }) => p99),
    ...most(runs.get(uncached), 'who-am-I uncached, p99', 'ms', 5, ({ p99 }) => p99),
    ...most(memory(runs), 'memory, the most after any run', 'MB', 200, ({ rss }) => rss / 1e6),
    atMost('first start, with migrations', 's', 5, spreadOf([starts.first / 1000])),
    atMost('later start', 's', 2, spreadOf([starts.later / 1000])),
  ]
}

/** Ratios worth knowing that have no goal. */
export function ratiosWithoutGoal({ runs }: Part): { readonly name: string; readonly measured: Spread }[] {
  const between = (name: string, ours: ContenderName, theirs: ContenderName) => ({ name, measured: ratioBetween(runs, ours, theirs) })
  const all = [
    between('who-am-I cached ÷ bare node:http', 'whoami: Denizen, cached', 'whoami: bare node:http'),
    between('API token ÷ who-am-I cached', 'API token: Denizen', 'whoami: Denizen, cached'),
    between('API token on one hot key ÷ on many', 'API token: Denizen, one hot key', 'API token: Denizen'),
    between('bare tRPC ÷ bare node:http', 'whoami: bare tRPC', 'whoami: bare node:http'),
    between('who-am-I uncached ÷ bare tRPC', 'whoami: Denizen, uncached', 'whoami: bare tRPC'),
    between('create with password ÷ better-auth, same argon2id', 'create with password: Denizen', 'create with password: better-auth'),
  ]
  return all.flatMap(({ name, measured }) => (measured === null ? [] : [{ name, measured }]))
}

/** How much more processor time another's server spends on an answer: what is left to compare on a busy machine. */
export function costsOf({ runs }: Part): { readonly name: string; readonly measured: Spread }[] {
  const between = (name: string, ours: ContenderName, theirs: ContenderName) => {
    const [our, their] = [runs.get(ours), runs.get(theirs)]
    if (our === undefined || their === undefined) return []
    const costs = (of: readonly Run[]) => of.map(({ serverCost }) => serverCost)
    return [{ name: `processor time of ${name}`, measured: ratioOf(costs(their), costs(our)) }]
  }
  return [
    ...between('better-auth ÷ who-am-I cached', 'whoami: Denizen, cached', 'whoami: better-auth'),
    ...between('better-auth ÷ who-am-I uncached', 'whoami: Denizen, uncached', 'whoami: better-auth'),
    ...between('bare tRPC ÷ who-am-I cached', 'whoami: Denizen, cached', 'whoami: bare tRPC'),
    ...between('better-auth ÷ create', 'create: Denizen', 'create: better-auth'),
    ...between('better-auth ÷ update', 'update: Denizen', 'update: better-auth'),
  ]
}

function ratio({ runs }: Part, name: string, ours: ContenderName, theirs: ContenderName, least: number): Goal[] {
  const measured = ratioBetween(runs, ours, theirs)
  return measured === null ? [] : [{ name, limit: `≥ ${least}`, unit: '×', measured, met: measured.median >= least }]
}

function ratioBetween(runs: Runs, ours: ContenderName, theirs: ContenderName): Spread | null {
  const rates = (name: ContenderName) => runs.get(name)?.map(({ rate }) => rate)
  const [above, below] = [rates(ours), rates(theirs)]
  return above === undefined || below === undefined ? null : ratioOf(above, below)
}

function most(runs: readonly Run[] | undefined, name: string, unit: Unit, limit: number, of: (run: Run) => number): Goal[] {
  return runs === undefined || runs.length === 0 ? [] : [atMost(name, unit, limit, spreadOf(runs.map(of)))]
}

function atMost(name: string, unit: Unit, limit: number, measured: Spread): Goal {
  const counts = unit === 'MB' ? measured.maximum : measured.median
  return { name, limit: `≤ ${limit}`, unit, measured, met: counts <= limit }
}

/** Every run of Denizen's server, whatever it was asked. */
function memory(runs: Runs): Run[] {
  return [...runs].flatMap(([name, own]) => (name.includes('Denizen') ? own : []))
}
