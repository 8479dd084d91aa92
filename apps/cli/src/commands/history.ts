import { signatures } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction } from '../action-command.ts'
import { addPaged } from '../paged-command.ts'

const { auth: actions } = signatures

/** Who tried to sign in, and what to do for who failed too often. */
export function addSignInHistory(program: Command): void {
  addPaged(program, {
    signature: actions.listLoginHistory,
    name: 'history',
    things: 'attempts',
    columns: [
      { title: 'AT', value: ({ at }) => at },
      { title: 'USER', value: ({ user, identifier }) => user?.username ?? `(nobody) ${identifier}` },
      { title: 'OUTCOME', value: ({ outcome }) => outcome },
      { title: 'WITH', value: ({ method }) => method },
      { title: 'FROM', value: ({ ip }) => ip },
      { title: 'CLIENT', value: ({ userAgent }) => userAgent },
    ],
    examples: ['history', 'history --user ada --outcome wrongPassword', 'history --from 2026-11-01T00:00:00Z --all --json'],
  })
  const users = program.commands.find((command) => command.name() === 'users')
  if (users === undefined) throw new TypeError('The commands for users come first.')
  addAction(users, {
    signature: actions.unlock,
    arguments: ['userId'],
    show: ({ failuresForgotten }) =>
      failuresForgotten === 0
        ? 'There was nothing to forget: the user may try to sign in.'
        : `The user may try to sign in again. Failures forgotten: ${failuresForgotten}.`,
    examples: ['users unlock ada'],
  })
}
