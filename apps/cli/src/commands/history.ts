import { signatures } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction } from '../action-command.ts'
import { addPaged } from '../paged-command.ts'
import { inWords } from '../value-words.ts'

const { auth: actions } = signatures

/** The login history, and unlocking users who failed too often. */
export function addSignInHistory(program: Command): void {
  addPaged(program, {
    signature: actions.listLoginHistory,
    name: 'history',
    things: 'attempts',
    columns: [
      { title: 'AT', value: ({ at }) => at },
      { title: 'USER', value: ({ user, identifier }) => user?.username ?? `(nobody) ${identifier}` },
      { title: 'OUTCOME', value: ({ outcome }) => inWords(outcome) },
      { title: 'WITH', value: ({ method }) => inWords(method) },
      { title: 'FROM', value: ({ ip }) => ip },
      { title: 'CLIENT', value: ({ userAgent }) => userAgent },
    ],
    examples: ['history', 'history --user ada --outcome wrongPassword', 'history --from 2026-11-01T00:00:00Z --all --json'],
  })
  const users = program.commands.find((command) => command.name() === 'users')
  if (users === undefined) throw new TypeError('The users commands must be added first.')
  addAction(users, {
    signature: actions.unlock,
    arguments: ['userId'],
    show: ({ failuresForgotten }) =>
      failuresForgotten === 0
        ? 'The user was not locked out.'
        : `The user may try to sign in again. Failed attempts that no longer count: ${failuresForgotten}.`,
    examples: ['users unlock ada'],
  })
}
