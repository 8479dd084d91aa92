import { shellWord, signatures } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction } from '../action-command.ts'
import { denizen } from '../common-options.ts'
import { inLine, localTime, printable } from '../output.ts'

const { auth: actions } = signatures

/** Impersonation. The token is printed and not saved, so that your own login stays. */
export function addImpersonation(program: Command): void {
  const users = program.commands.find((command) => command.name() === 'users')
  if (users === undefined) throw new TypeError('The users commands must be added first.')
  addAction(users, {
    signature: actions.impersonate,
    arguments: ['userId'],
    confirmation: (_, [user = '']) => `Act as ${printable(user)}? It is recorded under both names.`,
    show: ({ user, session, accessToken }) =>
      `Until ${localTime(session.expiresAt)} you can act as ${inLine(user.username)} with:\n  export DENIZEN_TOKEN=${shellWord(accessToken)}\nTo stop: ${denizen} users stop-impersonating; unset DENIZEN_TOKEN`,
    examples: [
      'users impersonate ada --reason "ticket 4711" --minutes 10',
      'users impersonate ada --reason "ticket 4711" --yes --json | jq -r .accessToken',
    ],
  })
  addAction(users, {
    signature: actions.stopImpersonating,
    show: () => 'The impersonation has ended. Unset DENIZEN_TOKEN.',
    examples: ['users stop-impersonating'],
  })
}
