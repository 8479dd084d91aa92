import type { CommandContext } from '../kernel/context.ts'
import { networkOf } from '../kernel/network.ts'
import type { VerificationPurpose } from './model.ts'

const hour = 60 * 60 * 1000

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
export async function mayMail(
  { em, now, origin, ports }: Pick<CommandContext, 'em' | 'now' | 'origin' | 'ports'>,
  purpose: VerificationPurpose,
  email: string,
): Promise<boolean> {
  const who = askedBy[purpose]
  const window = Math.floor(now.getTime() / hour)
  const network = origin.ip === null ? 'none' : (networkOf(origin.ip) ?? origin.ip)
  const { fromOneNetwork, inAll } = limits[who]
  const count = async (text: string): Promise<number> => {
    // The throttles' table: it is what counters of strangers are kept in, and forgotten from. The key is a fingerprint.
    const key = await ports.cipher.fingerprint('verification/mails', text)
    const [row] = await em.execute<[{ failures: number }]>(
      `insert into throttles as t (key, failures, last_failure_at) values (?, 1, ?)
        on conflict (key) do update set failures = t.failures + 1, last_failure_at = excluded.last_failure_at returning failures`,
      [key, now],
    )
    return row.failures
  }
  if ((await count(`${who}\n${window}\n${email}\n${network}`)) > fromOneNetwork) return false
  if ((await count(`${who}\n${window}\n${email}`)) > inAll) return false
  // Last, for what holds the row of a network waits for nobody. A call from within the process came over none.
  if (who !== 'strangers' || origin.ip === null) return true
  return (await count(`network\n${window}\n${network}`)) <= mostFromNetwork
}
