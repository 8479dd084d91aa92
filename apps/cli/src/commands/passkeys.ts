import { signatures } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction } from '../action-command.ts'
import { table } from '../table.ts'

const { passkeys: actions } = signatures

/** Passkeys, as far as a terminal can: they are registered and used in a browser, on the page /passkeys. */
export function addPasskeys(program: Command): void {
  const passkeys = program.command('passkeys').description('List and remove passkeys; they are registered on the page /passkeys')
  addAction(passkeys, {
    signature: actions.list,
    arguments: [{ field: 'userId', optional: true }],
    show: ({ passkeys: all }) =>
      all.length === 0
        ? 'There are no passkeys. They are registered in a browser, on the page /passkeys of the server.'
        : table(all, [
            { title: 'ID', whole: true, value: ({ id }) => id },
            { title: 'NAME', value: ({ name }) => name },
            { title: 'SINCE', value: ({ createdAt }) => createdAt },
            { title: 'LAST USED', value: ({ lastUsedAt }) => lastUsedAt ?? 'never' },
            { title: 'BACKED UP', value: ({ backedUp }) => backedUp },
          ]),
    examples: ['passkeys list', 'passkeys list ada --json'],
  })
  addAction(passkeys, {
    signature: actions.remove,
    arguments: ['passkeyId'],
    confirmation: () => 'Remove the passkey? It can no longer be used to sign in, and other sessions end.',
    show: ({ sessionsEnded }) => `The passkey is removed. Other sessions ended: ${sessionsEnded}.`,
    examples: ['passkeys remove psk_01k4… --dry-run'],
  })
}
