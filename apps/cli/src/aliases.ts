import type { Command } from 'commander'

/** Other names of groups: the singular, and what people know from elsewhere. */
const groups: Readonly<Record<string, readonly string[]>> = {
  users: ['user'],
  orgs: ['org', 'organization', 'organizations'],
  teams: ['team'],
  roles: ['role'],
  resources: ['resource'],
  policies: ['policy'],
  factors: ['factor'],
  passkeys: ['passkey'],
  identities: ['identity'],
  sessions: ['session'],
  tokens: ['token'],
  jobs: ['job'],
}

/** Other names of verbs, in every group that has them and not the other name. */
const verbs: readonly (readonly [verb: string, aliases: readonly string[]])[] = [
  ['get', ['view', 'show']],
  ['list', ['ls']],
  ['update', ['edit']],
  ['restore', ['unarchive']],
]

/** How a group ends what is in it: the first that it has is what `rm` and `delete` do. Each of them asks first. */
const endings = ['delete', 'archive', 'remove', 'revoke']

/** Gives groups and verbs the other names that people try. */
export function addAliases(program: Command): void {
  for (const group of program.commands) {
    add(group, program, groups[group.name()] ?? [])
    for (const [verb, aliases] of verbs) add(childNamed(group, verb), group, aliases)
    const ending = endings.map((name) => childNamed(group, name)).find((found) => found !== undefined)
    add(ending, group, ['rm', 'delete'])
  }
}

function add(command: Command | undefined, parent: Command, aliases: readonly string[]): void {
  if (command === undefined) return
  for (const alias of aliases) if (childNamed(parent, alias) === undefined) command.alias(alias)
}

/** The command with this name, or with this other name. */
export function childNamed(command: Command, word: string): Command | undefined {
  return command.commands.find((child) => child.name() === word || child.aliases().includes(word))
}
