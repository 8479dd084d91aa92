import { signatures, type OutputOf } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { addAction, type Input, type LeafOptions } from '../action-command.ts'
import type { Connection } from '../calls.ts'
import { usageError } from '../failure.ts'
import { printable, record } from '../output.ts'
import type { Column } from '../table.ts'
import { addPaged } from '../paged-command.ts'
import { referenceOf, resolveReferences } from '../references.ts'
import { ScopeNames } from '../scope-names.ts'

const { access: actions } = signatures

type Assignment = OutputOf<typeof actions.unassignRole>['assignment']

const columnsWith = (names: ScopeNames): readonly Column<Assignment>[] => [
  { title: 'WHO', value: whoText },
  { title: 'WHAT', value: whatText },
  { title: 'ON', value: ({ scope }) => names.of(scope) ?? 'everywhere' },
  { title: 'STATE', value: ({ state }) => state },
  { title: 'UNTIL', value: untilWhen },
  { title: 'FROM', value: ({ validFrom }) => validFrom },
  { title: 'CONDITION', value: conditionText },
  { title: 'ID', whole: true, value: ({ id }) => id },
]

interface Answer {
  readonly assignment: Assignment
  readonly assigned?: boolean
}

/** The answer is shown with names, as it was asked for. */
function shownWith(title: (answer: Answer) => string) {
  const names = new ScopeNames()
  return {
    lookUp: (connection: Connection, { assignment }: Answer) => names.load(connection, [assignment.scope]),
    show: (answer: Answer) => `${title(answer)}\n\n${assignmentText(answer.assignment, names)}`,
  }
}

const assign = {
  extend: addTerms,
  prepare: readScope,
  adjust: readTerms,
  ...shownWith(({ assigned }) => (assigned === true ? 'Assigned.' : 'Already assigned.')),
}
const revoke = {
  extend: addScope,
  prepare: readScope,
  arguments: ['assignmentId'],
  confirmation: (input: Input, typed: readonly string[]) => `Revoke ${revokedText(input, typed)}? It has no effect from then on.`,
  ...shownWith(() => 'Revoked.'),
}

/** Assigning and revoking roles and permissions; who has what. */
export function addAssignments(access: Command): void {
  addRoles(access)
  addPermissions(access)
  const names = new ScopeNames()
  addPaged(access, {
    signature: actions.listAssignments,
    extend: addNarrowScope,
    prepare: readScope,
    things: 'assignments',
    columns: columnsWith(names),
    lookUp: (connection, items) =>
      names.load(
        connection,
        items.map(({ scope }) => scope),
      ),
    examples: [
      'access list-assignments',
      'access list-assignments --org acme --total',
      'access list-assignments --user ada --org acme --history',
    ],
  })
}

function addRoles(access: Command): void {
  addAction(access, {
    signature: actions.assignRole,
    ...assign,
    confirmation: (_, __, { role, org, resource, onTeam }) =>
      role === 'superadmin' && org === undefined && resource === undefined && onTeam === undefined
        ? 'Make a superadmin? They may do everything, to everybody, everywhere.'
        : null,
    examples: [
      'access assign-role --user ada --role editor --org acme',
      'access assign-role --team Support --role viewer --org acme --on-team Support',
      'access assign-role --user ada --role auditor --org acme --until 2027-01-01T00:00:00Z --second-factor',
      'access assign-role --user ada --role monitor --dry-run',
    ],
  })
  addAction(access, {
    signature: actions.unassignRole,
    ...revoke,
    examples: ['access unassign-role asg_01j…', 'access unassign-role --user ada --role editor --org acme'],
  })
}

function addPermissions(access: Command): void {
  addAction(access, {
    signature: actions.grantPermission,
    ...assign,
    examples: [
      'access grant-permission --user ada --permission document.read --resource res_01j…',
      'access grant-permission --team Support --permission "ticket.*" --org acme --networks 192.0.2.0/24',
    ],
  })
  addAction(access, {
    signature: actions.revokePermission,
    ...revoke,
    examples: ['access revoke-permission asg_01j…', 'access revoke-permission --user ada --permission document.read --resource res_01j…'],
  })
}

/** The team of the scope is `--on-team`, because `--team` is the subject. */
function addNarrowScope(command: Command): void {
  command.addOption(new Option('--on-team <team>', 'on this team, an id or a name in the organization of --org'))
  command.addOption(new Option('--resource <resource>', 'on this resource and everything inside it').conflicts('onTeam'))
}

function addScope(command: Command): void {
  addNarrowScope(command)
  command.addOption(new Option('--org <organization>', 'in this organization, an id or a slug; names are looked up in it'))
}

function addTerms(command: Command): void {
  addScope(command)
  command.addOption(new Option('--from <time>', 'the same as --valid-from').conflicts('validFrom'))
  command.addOption(new Option('--until <time>', 'the same as --valid-until').conflicts('validUntil'))
  command.addOption(new Option('--second-factor', 'only in sessions with two factors').conflicts('condition'))
  const networks = new Option('--networks <network>', 'only from these addresses or blocks; separate several with commas').conflicts(
    'condition',
  )
  command.addOption(networks.argParser(listed))
}

function listed(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',')]
}

function readTerms(input: Input, options: LeafOptions): void {
  const { from, until, secondFactor, networks } = options
  if (from !== undefined) input['validFrom'] = from
  if (until !== undefined) input['validUntil'] = until
  if (secondFactor === true || networks !== undefined)
    input['condition'] = { ...(secondFactor === true && { assurance: 'aal2' }), ...(networks !== undefined && { networks }) }
}

/** The scope: the narrowest one that is named. None is needed where an assignment is named or a whole organization is listed. */
async function readScope(connection: Connection, input: Input, { onTeam, resource, org, on }: LeafOptions): Promise<void> {
  const isNarrow = onTeam !== undefined || resource !== undefined
  const lists = 'organizationId' in input || 'assignmentId' in input
  if (!isNarrow && (org === undefined || lists)) return
  if (on !== undefined) throw usageError('--on already says where: leave out --org, --on-team and --resource.')
  const [field, text] =
    resource !== undefined ? ['resourceId', resource] : onTeam !== undefined ? ['teamId', onTeam] : ['organizationId', org]
  const scope: Input = { [String(field)]: text }
  const reference = referenceOf(String(field))?.reference
  await resolveReferences(connection, scope, { references: reference === undefined ? [] : [[String(field), reference]], named: org })
  input['on'] = scope
}

function revokedText({ permission }: Input, [assignment]: readonly string[]): string {
  return printable(assignment ?? (typeof permission === 'string' ? permission : 'the role'))
}

function assignmentText(assignment: Assignment, names: ScopeNames): string {
  return record([
    ['id', assignment.id],
    ['who', whoText(assignment)],
    ['what', whatText(assignment)],
    ['on', names.of(assignment.scope) ?? 'everywhere'],
    ['state', assignment.state],
    ['from', assignment.validFrom],
    ['until', untilWhen(assignment)],
    ['condition', conditionText(assignment)],
  ])
}

function whoText({ subject: { kind, name } }: Assignment): string {
  return kind === 'team' ? `team ${name}` : name
}

function whatText({ role, permission }: Assignment): string {
  return role === null ? (permission ?? '') : `role ${role.name}`
}

/** What is revoked has ended, also where it was to last longer. */
function untilWhen({ validUntil, revokedAt }: Assignment): Date | string {
  return revokedAt ?? validUntil ?? 'no end'
}

function conditionText({ condition }: Assignment): string | null {
  if (condition === null) return null
  const { assurance, networks } = condition
  return [...(assurance === undefined ? [] : ['two factors']), ...(networks === undefined ? [] : [`from ${networks.join(', ')}`])].join(
    ', ',
  )
}
