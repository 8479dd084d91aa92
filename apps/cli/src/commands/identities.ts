import { counted, signatures, type OutputOf } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction } from '../action-command.ts'
import { note, printable } from '../output.ts'
import { table, type Column } from '../table.ts'

const { identities: actions } = signatures

type Identity = OutputOf<typeof actions.list>['items'][number]

const columns: readonly Column<Identity>[] = [
  // Only the issuer is known of a provider that is no longer configured.
  { title: 'PROVIDER', value: ({ provider, issuer }) => provider ?? issuer },
  { title: 'SUBJECT', value: ({ subject }) => subject },
  { title: 'EMAIL', value: ({ email, emailVerified }) => (email === null || emailVerified ? email : `${email} (not verified)`) },
  { title: 'LINKED', value: ({ createdAt }) => createdAt },
  { title: 'LAST USED', value: ({ lastUsedAt }) => lastUsedAt },
  { title: 'ID', whole: true, kept: true, value: ({ id }) => id },
]

/** Identities: the providers at which a user can sign in. */
export function addIdentities(program: Command): void {
  const identities = program
    .command('identities')
    .description('See, link and unlink the accounts at other providers with which a user can sign in')
  addAction(identities, {
    signature: actions.list,
    arguments: [{ field: 'userId', optional: true }],
    show: ({ items }) => (items.length === 0 ? 'No identities found.' : table(items, columns)),
    examples: ['identities list', 'identities list ada --json'],
  })
  addAction(identities, {
    signature: actions.unlink,
    arguments: ['identityId'],
    confirmation: (_, [identity = '']) =>
      `Unlink ${printable(identity)}? The user can no longer sign in with it, until it is linked again, and is signed out everywhere else.`,
    show: unlinkedText,
    examples: ['identities unlink idn_01j…', 'identities unlink idn_01j… --dry-run'],
  })
}

function unlinkedText({ identity, sessionsEnded }: OutputOf<typeof actions.unlink>): string {
  note(`${counted(sessionsEnded, 'session')} ended.`)
  const { email, emailVerified } = identity
  // Unlinking keeps nobody out whom the address lets in.
  if (email !== null && emailVerified)
    note(
      `Whoever signs in there as ${printable(email)} is linked again, if that is the address of an account without more rights than everybody has.`,
    )
  return `The identity at ${printable(identity.provider ?? identity.issuer)} is unlinked.`
}
