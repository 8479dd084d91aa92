import type { IdentityProvider } from '../kernel/settings.ts'
import type { Ports } from '../ports/index.ts'

/** Milliseconds between two lines in the log about one problem of one provider. */
const pause = 60_000

/** The most problems that are remembered; above it, all are forgotten and told again. */
const mostRemembered = 256

/** When each problem was last logged, per process. */
const told = new WeakMap<Ports['logger'], Map<string, number>>()

/** Tells the operator what is wrong with a provider: nobody else can mend it. Once a minute, however many people sign in. */
export function warnAbout({ logger, clock }: Pick<Ports, 'logger' | 'clock'>, { id }: Pick<IdentityProvider, 'id'>, problem: string): void {
  const times = told.get(logger) ?? new Map<string, number>()
  if (times.size >= mostRemembered) times.clear()
  told.set(logger, times)
  const key = `${id}\n${problem}`
  const now = clock.monotonic()
  if (now < (times.get(key) ?? Number.NEGATIVE_INFINITY) + pause) return
  times.set(key, now)
  logger.warn('An identity provider does not work as it should.', { provider: id, problem })
}
