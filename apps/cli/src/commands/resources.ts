import { counted, signatures, type OutputOf } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { addAction, unchanged } from '../action-command.ts'
import { printable, record } from '../output.ts'
import type { Connection } from '../calls.ts'
import { addPaged } from '../paged-command.ts'
import { ScopeNames } from '../scope-names.ts'

const { resources: actions } = signatures

type Resource = OutputOf<typeof actions.get>
type Assignment = OutputOf<typeof actions.revoke>['assignment']

/** Resources, named by their id or by type:key. */
export function addResources(program: Command): void {
  const resources = program.command('resources').description('Register the resources of an application, and share them')
  resources.addHelpText('after', '\nA resource is named by its id, or as type:key: in the organization of --org, else among your own.')
  addRegistering(resources)
  addReading(resources)
  addChanging(resources)
  addSharing(resources)
}

/** Where keys are looked up. */
function addOrganization(command: Command): void {
  command.addOption(new Option('--org <organization>', 'where keys and teams are looked up, an id or a slug (default: your own)'))
}

function addRegistering(resources: Command): void {
  addAction(resources, {
    signature: actions.register,
    arguments: ['type', 'key'],
    ...named((made, names) => (made === null ? 'The key is taken; nothing was registered.' : resourceText(made, names))),
    examples: [
      'resources register folder plans --org acme --name Plans',
      'resources register document q3 --parent folder:plans --org acme',
    ],
  })
  addAction(resources, {
    signature: actions.registerMany,
    show: ({ items }) => `${counted(items.length, 'resource is', 'resources are')} registered.`,
    examples: [`resources register-many --org acme --items '[{"type":"document","key":"q3"},{"type":"document","key":"q4"}]'`],
  })
}

function addReading(resources: Command): void {
  addAction(resources, {
    signature: actions.get,
    arguments: ['resourceId'],
    ...named(resourceText),
    examples: ['resources get res_01j…', 'resources get document:q3 --org acme', 'resources get --type document --key q3'],
  })
  addPaged(resources, {
    signature: actions.list,
    things: 'resources',
    columns: [
      { title: 'TYPE', value: ({ type }) => type },
      { title: 'KEY', whole: true, value: ({ key }) => key },
      { title: 'NAME', value: ({ name }) => name },
      { title: 'OWNER', value: ({ ownerUserId }) => ownerUserId ?? 'the organization' },
      { title: 'REGISTERED', value: ({ createdAt }) => createdAt },
      { title: 'ID', whole: true, value: ({ id }) => id },
    ],
    examples: ['resources list', 'resources list --org acme --type document --total', 'resources list --within folder:plans --org acme'],
  })
}

function addChanging(resources: Command): void {
  addAction(resources, {
    signature: actions.update,
    arguments: ['resourceId'],
    extend: addOrganization,
    problem: (input) => unchanged(input, 'resourceId'),
    ...named(resourceText),
    examples: ['resources update document:q3 --org acme --name "Third quarter"', 'resources update res_01j… --clear key'],
  })
  addAction(resources, {
    signature: actions.transfer,
    arguments: ['resourceId'],
    extend: addOrganization,
    confirmation: (_, [resource = '']) => `Transfer ${printable(resource)}? The current owner loses the rights of an owner.`,
    show: ({ transferred }) => (transferred === 0 ? 'They already own it.' : `${counted(transferred, 'resource')} transferred.`),
    examples: ['resources transfer document:q3 --to ada --org acme', 'resources transfer res_01j… --to-organization'],
  })
  addAction(resources, {
    signature: actions.delete,
    arguments: ['resourceId'],
    extend: addOrganization,
    confirmation: ({ recursive }, [resource = '']) =>
      `Delete ${printable(resource)}${recursive === true ? ' and everything inside it' : ''}? Grants on it end.`,
    show: ({ deleted, assignmentsEnded }) => `${counted(deleted, 'resource')} deleted, ${counted(assignmentsEnded, 'grant')} ended.`,
    examples: ['resources delete document:q3 --org acme', 'resources delete folder:plans --org acme --recursive --dry-run'],
  })
}

function addSharing(resources: Command): void {
  addAction(resources, {
    signature: actions.grant,
    arguments: ['resourceId'],
    extend: addOrganization,
    show: ({ assignment, assigned }) => (assigned ? assignmentText(assignment) : 'They already have it.'),
    examples: [
      'resources grant document:q3 --user ada --permission document.read --org acme',
      'resources grant res_01j… --team Support --org acme --permission "document.*" --valid-until 2027-01-01T00:00:00Z',
    ],
  })
  addAction(resources, {
    signature: actions.revoke,
    arguments: ['resourceId'],
    extend: addOrganization,
    confirmation: (_, [resource = '']) => `Revoke the grant on ${printable(resource)}?`,
    show: ({ assignment }) => `${printable(assignment.subject.name)} no longer has it.`,
    examples: ['resources revoke document:q3 --user ada --permission document.read --org acme'],
  })
}

/** Shows a resource with the names of where it is, not their ids. */
function named<Answer extends Resource | null>(text: (answer: Answer, names: ScopeNames) => string) {
  const names = new ScopeNames()
  return {
    lookUp: async (connection: Connection, answer: Answer) =>
      names.load(connection, answer === null ? [] : [{ organizationId: answer.organizationId }, ...answer.within.map(inside)]),
    show: (answer: Answer) => text(answer, names),
  }
}

const inside = (resourceId: Resource['within'][number]) => ({ organizationId: null, resourceId })

function resourceText(resource: Resource, names: ScopeNames): string {
  return record([
    ['id', resource.id],
    ['type', resource.type],
    ['key', resource.key],
    ['name', resource.name],
    ['organization', names.of(resource)],
    ['inside', resource.within.map((id) => names.of(inside(id))).join(', ') || null],
    ['owner', resource.ownerUserId ?? 'the organization'],
    ['owned since', resource.ownedSince],
    ['version', resource.version],
    ['registered', resource.createdAt],
    ['changed', resource.updatedAt],
  ])
}

function assignmentText({ id, subject, role, permission, validFrom, validUntil }: Assignment): string {
  return record([
    ['id', id],
    [subject.kind, subject.name],
    ['role', role?.name ?? null],
    ['permission', permission],
    ['from', validFrom],
    ['until', validUntil],
  ])
}
