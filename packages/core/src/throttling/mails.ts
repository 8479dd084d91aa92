import type { SqlEntityManager } from '@mikro-orm/sql'
import type { CommandContext } from '../kernel/context.ts'
import type { Id } from '../kernel/id.ts'
import { uuidOrNull } from '../kernel/id.ts'
import { neighbourhoodOf, networkOf } from '../kernel/network.ts'
import { runStatement, statement } from '../kernel/statement.ts'
import { tooManyMails } from '../mail/index.ts'
import { counterKey } from './keys.ts'
import { acquaintance, hasSignedInThere } from './throttle.ts'
import { countInHour, secondsLeftOfHour } from './windows.ts'

/**
 * Limits of mails within an hour of the clock, of each kind by itself. They bound who asks: how often one asker has the same address mailed,
 * and how many mails a network has sent. The address is protected from many askers at once, but strangers cannot use up what its owner
 * needs: the first mail that each neighbourhood of networks asks for has a budget of its own, and networks where the owner signed in
 * are not counted together with others at all.
 */
const limits = { sameAsker: 5, firsts: 50, furthers: 10, ofNetwork: 200 } as const

type CountContext = Pick<CommandContext, 'em' | 'now' | 'origin' | 'ports'>

/** A mail that somebody asks for. */
export interface MailRequest {
  /** Kinds do not use up each other's budgets. */
  readonly kind: string
  readonly to: string
  /** Who asks: a network, a user or an organization. */
  readonly asker: string
  /** What counts as one asker where every asker's first mail is counted: cheap ones are to be taken together. */
  readonly neighbourhood: string
  /** How often the same asker may, if not the usual. */
  readonly most?: number
  /** Not counted together with other askers: nobody else can be meant. */
  readonly spared: boolean
}

/** Counts a mail to an address; false: it has had enough of them. The counters wait for one another, so that none is lost. */
export async function countMail(context: CountContext, { kind, to, asker, neighbourhood, most, spared }: MailRequest): Promise<boolean> {
  if ((await countInHour(context, `mails/${kind}/pair`, [to, asker])) > (most ?? limits.sameAsker)) return false
  if (spared) return true
  const isFirst = (await countInHour(context, `mails/${kind}/first`, [to, neighbourhood])) === 1
  return isFirst
    ? (await countInHour(context, `mails/${kind}/first`, [to])) <= limits.firsts
    : (await countInHour(context, `mails/${kind}/further`, [to])) <= limits.furthers
}

/** The network of a call, as one that asks for mails. null: the call came over none. */
export function askingNetwork({ origin: { ip } }: Pick<CommandContext, 'origin'>): Pick<MailRequest, 'asker' | 'neighbourhood'> | null {
  return ip === null ? null : { asker: networkOf(ip) ?? ip, neighbourhood: neighbourhoodOf(ip) ?? ip }
}

/**
 * Counts a mail that the network of the call has sent, and gives how many there were. Throws above the limit, before anything is written:
 * an office signs up, and nobody mails a city. To be called last, for what holds the row of a network waits for nobody.
 */
export async function countMailOfNetwork(context: CountContext): Promise<{ readonly number: number; readonly group?: string }> {
  const network = askingNetwork(context)
  if (network === null) return { number: 0 }
  const number = await countInHour(context, 'mails/network', [network.asker])
  if (number > limits.ofNetwork) throw tooManyMails({ of: 'your network', retryAfter: secondsLeftOfHour(context.now) })
  return { number, group: await counterKey(context.ports, 'mails/network', [network.asker]) }
}

const known = statement('known_network', `select ${hasSignedInThere} as known`)

/** Whether a user has signed in of late where the call comes from. The same work whether or not there is such a user. */
export async function isKnownNetwork(
  { em, now, origin }: { readonly em: SqlEntityManager } & Pick<CommandContext, 'now' | 'origin'>,
  userId: Id<'usr'> | null,
): Promise<boolean> {
  const network = origin.ip === null ? null : networkOf(origin.ip)
  const user = uuidOrNull(userId)
  const [row] = await runStatement<{ known: boolean }>(em, known, [user, new Date(now.getTime() - acquaintance), network])
  return row?.known === true
}
