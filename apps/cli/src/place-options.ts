import { Option, type Command } from 'commander'
import type { Input, LeafOptions } from './action-command.ts'
import type { Connection } from './connection.ts'
import { referenceOf, resolveReferences, type Reference } from './references.ts'

/** What a place is named by, from the narrowest: the first that is there is meant. */
const places = [
  ['resourceId', 'resource'],
  ['teamId', 'team'],
  ['organizationId', 'org'],
] as const

/** The options that say where: on the whole system, where none is given. */
export function addPlaceOptions(command: Command): void {
  command.addOption(new Option('--resource <resource>', 'on this resource'))
  command.addOption(new Option('--team <team>', 'on this team, an id or a name in the organization of --org'))
  command.addOption(new Option('--org <organization>', 'in this organization, an id or a slug; names are looked up in it'))
}

/** What they mean for the input. */
export async function readPlace(connection: Connection, input: Input, options: LeafOptions): Promise<void> {
  const [field, option] = places.find(([, name]) => typeof options[name] === 'string') ?? []
  if (field === undefined || option === undefined) return
  const place: Input = { [field]: options[option] }
  const reference = referenceOf(field)?.reference
  const references: (readonly [string, Reference])[] = reference === undefined ? [] : [[field, reference]]
  await resolveReferences(connection, place, { references, named: options['org'] })
  input['on'] = place
}
