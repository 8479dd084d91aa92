import { signatures } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction } from '../action-command.ts'
import { localTime, printable } from '../output.ts'

const { auth: actions } = signatures

/** Acting as somebody else. The token of it goes to standard output, and is kept nowhere: one's own login stays. */
export function addImpersonation(program: Command): void {
  const users = program.commands.find((command) => command.name() === 'users')
  if (users === undefined) throw new TypeError('The commands for users come first.')
  addAction(users, {
    signature: actions.impersonate,
    arguments: ['userId'],
    question: (_, [user = '']) => `Act as ${printable(user)}? It is written down under both names.`,
    show: ({ user, session, accessToken }) =>
      `Until ${localTime(session.expiresAt)} this acts as ${user.username}:\n  export DENIZEN_TOKEN=${accessToken}\nTo stop: denizen users stop-impersonating; unset DENIZEN_TOKEN`,
    examples: [
      'users impersonate ada --reason "ticket 4711" --minutes 10',
      'users impersonate ada --reason "ticket 4711" --yes --json | jq -r .accessToken',
    ],
  })
  addAction(users, {
    signature: actions.stopImpersonating,
    show: () => 'You act as yourself again. Unset DENIZEN_TOKEN.',
    examples: ['users stop-impersonating'],
  })
}
