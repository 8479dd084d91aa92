import { BoundedCache } from '../kernel/caches.ts'
import type { CorePorts } from '../kernel/context.ts'
import type { IdentityProvider } from '../kernel/settings.ts'

/** Milliseconds between two lines in the log about one problem of one provider. */
const pause = 60_000

/** When each problem was last logged. */
export class ProviderWarnings extends BoundedCache<number> {
  constructor() {
    super('providerWarnings', 256)
  }
}

/** Tells the operator what is wrong with a provider: nobody else can mend it. Once a minute, however many people sign in. */
export function warnAbout(
  { logger, clock, caches }: Pick<CorePorts, 'logger' | 'clock' | 'caches'>,
  { id }: Pick<IdentityProvider, 'id'>,
  problem: string,
  error?: unknown,
): void {
  const times = caches.of(ProviderWarnings)
  const key = `${id}\n${problem}`
  const now = clock.monotonic()
  if (now < (times.get(key) ?? Number.NEGATIVE_INFINITY) + pause) return
  times.set(key, now)
  logger.warn('An identity provider does not work as it should.', {
    provider: id,
    problem,
    ...(error !== undefined && { cause: causeOf(error) }),
  })
}

/** What the innermost error says: `connect ECONNREFUSED 127.0.0.1:8080`. A refused connection may have several, and no text of its own. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause !== undefined) return causeOf(error.cause)
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : []
  return first === undefined ? error.message : causeOf(first)
}
