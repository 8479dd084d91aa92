/** A request to a hashing thread. Each thread has one at a time. */
export type HashRequest =
  | { readonly kind: 'hash'; readonly password: string }
  | { readonly kind: 'verify' | 'verifyImported'; readonly hash: string; readonly password: string }

export type HashAnswer = { readonly ok: true; readonly value: string | boolean } | { readonly ok: false; readonly message: string }

/** The parameters of new hashes: 19 MiB, two passes, one lane (OWASP Password Storage Cheat Sheet). Memory in KiB. */
export const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 }

/**
 * The most expensive hash that is verified. Hashes can be imported, and one that needs
 * gigabytes or minutes would stop all sign-ins. Everything that libraries
 * recommend fits (RFC 9106's second choice, libsodium's "moderate").
 */
const costLimit = { memoryCost: 262_144, timeCost: 16, parallelism: 16, memoryTimesTime: 1_048_576 }

export interface Argon2Hash {
  readonly algorithm: 'argon2id' | 'argon2i' | 'argon2d'
  readonly version: number
  readonly memoryCost: number
  readonly timeCost: number
  readonly parallelism: number
}

const base64 = '[A-Za-z0-9+/]'
const pattern = new RegExp(
  `^\\$(argon2id|argon2i|argon2d)\\$v=(16|19)\\$m=(\\d{1,8}),t=(\\d{1,4}),p=(\\d{1,3})\\$${base64}{11,88}\\$${base64}{16,171}$`,
)

/**
 * Reads a PHC string (https://github.com/P-H-C/phc-string-format). null: it is not argon2,
 * or more expensive than the limit, and is not verified.
 */
export function parseArgon2(hash: string): Argon2Hash | null {
  const match = pattern.exec(hash)
  if (match === null) return null
  const [, algorithm, version, memory, time, lanes] = match
  if (algorithm !== 'argon2id' && algorithm !== 'argon2i' && algorithm !== 'argon2d') return null
  const parsed = {
    algorithm,
    version: Number(version),
    memoryCost: Number(memory),
    timeCost: Number(time),
    parallelism: Number(lanes),
  } as const
  return isAffordable(parsed) ? parsed : null
}

function isAffordable({ memoryCost, timeCost, parallelism }: Argon2Hash): boolean {
  if (timeCost < 1 || parallelism < 1 || memoryCost < 8 * parallelism) return false
  if (memoryCost > costLimit.memoryCost || timeCost > costLimit.timeCost || parallelism > costLimit.parallelism) return false
  return memoryCost * timeCost <= costLimit.memoryTimesTime
}

/** Whether a hash is weaker than a new one, or is not verified here at all. */
export function isWeak(hash: string): boolean {
  const parsed = parseArgon2(hash)
  if (parsed === null || parsed.algorithm !== 'argon2id' || parsed.version !== 19) return true
  return parsed.memoryCost < cost.memoryCost || parsed.timeCost < cost.timeCost
}
