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
): void {
  const times = caches.of(ProviderWarnings)
  const key = `${id}\n${problem}`
  const now = clock.monotonic()
  if (now < (times.get(key) ?? Number.NEGATIVE_INFINITY) + pause) return
  times.set(key, now)
  logger.warn('An identity provider does not work as it should.', { provider: id, problem })
}
