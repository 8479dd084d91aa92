/** What a seeding program is told by its environment. */
export interface SeedOptions {
  readonly users: number
  readonly sessions: number
  /** Where the tokens go. */
  readonly file: string
}

/** Tokens to ask with, each with what its answer must say. */
export interface Seeded {
  readonly kept: readonly { readonly token: string; readonly fragment: string }[]
  readonly adminToken: string
  /** API tokens, each of another user. */
  readonly apiTokens?: Seeded['kept']
  /** Ids of the first users, as calls name them. */
  readonly userIds?: readonly string[]
}

/** The load keeps no more tokens than this: twice what Denizen's principal cache holds. */
const largestSample = 100_000

const chunkSize = 5000

export function readSeedOptions(): SeedOptions {
  const { BENCH_USERS = '', BENCH_SESSIONS = '', BENCH_TOKENS = '' } = process.env
  return { users: Number(BENCH_USERS), sessions: Number(BENCH_SESSIONS), file: BENCH_TOKENS }
}

/** 0 to count - 1, some thousands at a time. */
export function* chunks(count: number): Generator<number[]> {
  for (let start = 0; start < count; start += chunkSize) {
    yield Array.from({ length: Math.min(chunkSize, count - start) }, (_, index) => start + index)
  }
}

/** Which of a chunk's numbers (their places in it) the load keeps, spread evenly over the whole table. */
export function sampled(numbers: readonly number[], count: number): number[] {
  const step = Math.max(1, Math.ceil(count / largestSample))
  return numbers.flatMap((number, index) => (number % step === 0 ? [index] : []))
}
