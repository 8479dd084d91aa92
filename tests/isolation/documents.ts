import type { Signature } from '@denizen/core/contract'
import type { Case } from './case.ts'
import type { Things } from './cast.ts'

/** What things of a side are called, where no id is asked for: both are as long, so that nothing is nearer to what somebody knows. */
interface Names {
  readonly organization: string
  readonly usernames: readonly string[]
  readonly team: readonly string[]
  readonly role: readonly string[]
  readonly resource: readonly (string | { readonly type: string; readonly key: string })[]
}

function namesOf(name: string, { usr, team, rol, res }: Things): Names {
  const id = (ids: readonly string[] | undefined): string => ids?.[0] ?? ''
  return {
    organization: name === 'ours' ? name : `${name}-org`,
    usernames: [`${name}-managed`, `managed@${name}.example`, id(usr)],
    team: [`${name} team`, id(team)],
    role: [`${name} editor`, id(rol)],
    resource: [id(res), { type: 'document', key: `${name}-page` }],
  }
}

/** Everything that a document of access calls by its name, in an organization of one's own: each by itself, with what is one's own in the rest. */
export function documentCases({ input }: Signature, sides: { own: Things; foreign: Things; unknown: Things }): readonly Case[] {
  if (!('document' in ((input as { shape?: object }).shape ?? {}))) return []
  const own = namesOf('ours', sides.own)
  const [foreign, unknown] = [namesOf('canary', sides.foreign), namesOf('nevery', sides.unknown)]
  const [theirs, noOnes] = [documentsNaming(own, foreign), documentsNaming(own, unknown)]
  return theirs.flatMap(([place, document, said], index) => {
    const [, otherDocument, otherSaid] = noOnes[index] ?? []
    return otherSaid === undefined
      ? []
      : [{ place, foreign: { document }, unknown: { document: otherDocument }, said: [said, otherSaid] as const }]
  })
}

type Named = readonly [place: string, document: object, said: string]

function documentsNaming(own: Names, other: Names): readonly Named[] {
  const [user = '', role = ''] = [own.usernames[0], own.role[0]]
  const document = (rest: object) => ({ version: 1, organization: own.organization, ...rest })
  const assigning = (given: object) => document({ assignments: [{ user, role, ...given }] })
  const testing = (asked: object) => document({ tests: [{ who: user, can: 'document.read', ...asked }] })
  const each = <Name>(place: string, names: readonly Name[], make: (name: Name) => object): readonly Named[] =>
    names.map((name, index) => [`${place} (${index})`, make(name), typeof name === 'string' ? name : (name as { key: string }).key])
  return [
    ['document.organization by its name', { version: 1, organization: other.organization }, other.organization],
    ...each('document.assignments[].user', other.usernames, (name) => assigning({ user: name })),
    ...each('document.assignments[].team', other.team, (name) => assigning({ user: undefined, team: name })),
    ...each('document.assignments[].role', other.role, (name) => assigning({ role: name })),
    ...each('document.assignments[].on.team', other.team, (name) => assigning({ on: { team: name } })),
    ...each('document.assignments[].on.resource', other.resource, (name) => assigning({ on: { resource: name } })),
    ...each('document.roles.includes', other.role, (name) => document({ roles: { probing: { includes: [name] } } })),
    ...each('document.exclusions.roles', other.role, (name) => document({ exclusions: { probing: { roles: [role, name] } } })),
    ...each('document.tests[].who', other.usernames, (name) => testing({ who: name })),
    ...each('document.tests[].team', other.team, (name) => testing({ who: undefined, team: name })),
    ...each('document.tests[].on.team', other.team, (name) => testing({ on: { team: name } })),
    ...each('document.tests[].on.resource', other.resource, (name) => testing({ on: { resource: name } })),
  ]
}

/** An answer without what the caller said themselves. */
export function withoutSaid(text: string, said: string | undefined): string {
  return said === undefined ? text : text.replaceAll(said, '…')
}
