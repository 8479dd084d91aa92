import { Option, type Command } from 'commander'
import type { Input, LeafOptions } from './action-command.ts'
import type { Connection } from './calls.ts'
import { referenceOf, resolveReferences, type Reference } from './references.ts'

/** Fields of a scope and their options, the narrowest first: the first that is given counts. */
const scopes = [
  ['resourceId', 'resource'],
  ['teamId', 'team'],
  ['organizationId', 'org'],
] as const

/** Adds the options for a scope. Without any of them it counts everywhere. */
export function addScopeOptions(command: Command): void {
  command.addOption(new Option('--resource <resource>', 'on this resource'))
  command.addOption(new Option('--team <team>', 'on this team, an id or a name in the organization of --org'))
  command.addOption(new Option('--org <organization>', 'in this organization, an id or a slug; names are looked up in it'))
}

/** Reads the scope from the options into `input.on`. */
export async function readScope(connection: Connection, input: Input, options: LeafOptions): Promise<void> {
  const [field, option] = scopes.find(([, name]) => typeof options[name] === 'string') ?? []
  if (field === undefined || option === undefined) return
  const scope: Input = { [field]: options[option] }
  const reference = referenceOf(field)?.reference
  const references: (readonly [string, Reference])[] = reference === undefined ? [] : [[field, reference]]
  await resolveReferences(connection, scope, { references, named: options['org'] })
  input['on'] = scope
}
