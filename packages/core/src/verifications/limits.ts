import type { CommandContext } from '../kernel/context.ts'
import { networkOf } from '../kernel/network.ts'
import { countInHour, hourOf } from '../throttling/index.ts'
import type { VerificationPurpose } from './model.ts'

/**
 * Mails that an address gets within an hour of the clock: at most so many that
 * one network asks for, and so many in all; and a network has so many sent. Beyond that nothing is sent, and whoever
 * asks is not told. What strangers ask for is counted apart from what only its
 * owner or an operator can ask for, so that the ones do not use up the others'.
 */
const limits = {
  strangers: { fromOneNetwork: 5, inAll: 10 },
  owner: { fromOneNetwork: 5, inAll: 5 },
  operators: { fromOneNetwork: 20, inAll: 20 },
} as const

/** Mails that one network has sent to whatever addresses within an hour: an office signs up, and nobody mails a city. */
const mostFromNetwork = 200

const askedBy: Readonly<Record<VerificationPurpose, keyof typeof limits>> = {
  signUp: 'strangers',
  magicLink: 'strangers',
  emailCode: 'strangers',
  resetPassword: 'strangers',
  verifyEmail: 'owner',
  reauthenticate: 'owner',
  setup: 'operators',
  claim: 'strangers',
}

/** Counts a mail to an address; false: it has had enough of them. The counters wait for one another, so that none is lost. */
export async function countMail(
  { em, now, origin, ports }: Pick<CommandContext, 'em' | 'now' | 'origin' | 'ports'>,
  purpose: VerificationPurpose,
  email: string,
): Promise<boolean> {
  const who = askedBy[purpose]
  const { number: window } = hourOf(now)
  const network = origin.ip === null ? 'none' : (networkOf(origin.ip) ?? origin.ip)
  const { fromOneNetwork, inAll } = limits[who]
  const count = (name: string) => countInHour({ em, now, ports }, 'verification/mails', name)
  if ((await count(`${who}\n${window}\n${email}\n${network}`)) > fromOneNetwork) return false
  if ((await count(`${who}\n${window}\n${email}`)) > inAll) return false
  // Last, for what holds the row of a network waits for nobody. A call from within the process came over none.
  if (who !== 'strangers' || origin.ip === null) return true
  return (await count(`network\n${window}\n${network}`)) <= mostFromNetwork
}
