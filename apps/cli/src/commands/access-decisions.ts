import { signatures, type OutputOf } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction } from '../action-command.ts'
import { exitCodes } from '../failure.ts'
import { formatOf } from '../common-options.ts'
import { note, printAnswer } from '../output.ts'
import { unknownIn } from '../permission-areas.ts'
import { addPaged } from '../paged-command.ts'
import { addScopeOptions, readScope } from '../scope-options.ts'
import { referenceOf, type Reference } from '../references.ts'

const { access: actions } = signatures

type Through = OutputOf<typeof actions.whoCan>['items'][number]['through'][number]

/** A user, or `me` for the caller. */
export const somebody: Reference = {
  label: 'user',
  description: 'an id, an email address or a username; me for yourself',
  resolve: async (scope, text) =>
    text === 'me'
      ? (await scope.connection.calls.users.current()).user.id
      : ((await referenceOf('userId')?.reference.resolve(scope, text)) ?? text),
}

/** Who may do what, and where. */
export function addDecisions(access: Command): void {
  addChecks(access)
  addPaged(access, {
    signature: actions.listResources,
    arguments: ['permission'],
    things: 'resources',
    columns: [
      { title: 'TYPE', value: ({ type }) => type },
      { title: 'KEY', whole: true, value: ({ key }) => key },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'ID', whole: true, value: ({ id }) => id },
    ],
    examples: ['access list-resources document.read', 'access list-resources document.read --user ada --type document --org acme --all'],
  })
  addPaged(access, {
    signature: actions.whoCan,
    arguments: ['permission'],
    extend: addScopeOptions,
    prepare: readScope,
    things: 'users',
    columns: [
      { title: 'USER', whole: true, value: ({ username }) => username },
      { title: 'THROUGH', value: ({ through }) => through.map(throughText).join(', ') },
      { title: 'CONDITIONAL', value: ({ conditional }) => (conditional ? 'yes' : '') },
      { title: 'ID', whole: true, value: ({ id }) => id },
    ],
    examples: [
      'access who-can document.read --resource res_01j…',
      'access who-can users.purge',
      'access who-can teams.create --org acme --all',
    ],
  })
}

function addChecks(access: Command): void {
  addAction(access, {
    signature: actions.check,
    arguments: [{ field: 'userId', as: somebody }, 'permission'],
    extend: addScopeOptions,
    prepare: readScope,
    show: () => '',
    async answer({ calls }, input, options) {
      const answer = await calls.access.check(input as Parameters<typeof calls.access.check>[0])
      printAnswer(formatOf(options), answer, () => (answer.allowed ? 'Yes.' : 'No.'))
      if (answer.allowed) return
      if (formatOf(options) === 'text') note(unknownIn([input['permission'] as string]) ?? 'To see why, say explain instead of check.')
      process.exitCode = exitCodes.denied
    },
    examples: ['access check ada document.read --resource res_01j…', 'access check me teams.create --org acme && echo allowed'],
  })
  addAction(access, {
    signature: actions.checkMany,
    arguments: [{ field: 'userId', as: somebody }],
    show: ({ allowed }) => allowed.map((each) => (each ? 'Yes.' : 'No.')).join('\n'),
    examples: [
      `access check-many ada --checks '[{"permission":"document.read","on":{"resourceId":"res_01j…"}},{"permission":"users.purge"}]'`,
    ],
  })
  addAction(access, {
    signature: actions.listPermissions,
    arguments: [{ field: 'userId', as: somebody }],
    extend: addScopeOptions,
    prepare: readScope,
    show: ({ permissions }) => (permissions.length === 0 ? 'Nothing.' : permissions.join('\n')),
    examples: ['access list-permissions', 'access list-permissions ada --org acme'],
  })
}

function throughText({ kind, role, name, teamId }: Through): string {
  const what = kind === 'ownership' ? 'owns it' : kind === 'membership' ? `${name} of the organization` : (role?.name ?? name ?? '')
  return teamId === null ? what : `${what} (by a team)`
}
