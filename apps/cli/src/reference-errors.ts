import { DenizenError } from '@denizen/core/calls'
import { shellWord, kindOfId, withArticle } from '@denizen/core/contract'
import { denizen } from './common-options.ts'
import { detailsOf } from './error-details.ts'
import { usageError } from './failure.ts'
import { type Typed } from './next-steps.ts'

/** Who gave a name is told that looking it up is what was refused, not what they asked for. */
export function mayNotFind(error: DenizenError, name: string): DenizenError {
  const message = `To find the user "${name}" by name you need the permission users.find, everywhere or in an organization.`
  const next = `Name the user by the id (usr_…), or an organization that you administer with --org. Who can give it to you: ${denizen} access explain me users.find`
  return new DenizenError(error.code, error.kind, message, { ...error.details, next }, error)
}

/** A token whose scopes leave out the look-up is told so: nobody asked for the action that its error names. */
export const namesLookUp = (what: string, name: string) => (error: unknown) => {
  if (!(error instanceof DenizenError) || error.code !== 'auth.outOfScope') throw error
  const message = `To find the ${what} "${name}" by name, the scopes of this token have to include ${detailsOf(error).permission ?? 'looking it up'}.`
  const next = `Name it by its id, or see what the token may do: ${denizen} whoami`
  throw new DenizenError(error.code, error.kind, message, { ...error.details, next }, error)
}

/** Commands that show what an id is of. */
const shownBy: Readonly<Record<string, string>> = {
  user: 'users get',
  organization: 'orgs get',
  team: 'teams get',
  role: 'roles get',
  policy: 'policies get',
  resource: 'resources get',
  session: 'sessions get',
}

/** The text, unless it is the id of something else than is wanted: then nobody is looked for by it as if it were a name. */
export function ofKind(wanted: string, text: string): string {
  const kind = kindOfId(text)
  if (kind === null || kind === wanted) return text
  const command = shownBy[kind]
  const next = command === undefined ? undefined : `See what it is: ${denizen} ${command} ${text}`
  throw usageError(`"${text}" is the id of ${withArticle(kind)}; ${withArticle(wanted)} is wanted here.`, next)
}

/** `organization`: somebody was looked for among its users; as it was typed. */
export function noSuchUser(name: string, organization: string | null): DenizenError {
  const list = `${denizen} users list`
  const next =
    organization === null
      ? `Look at all of them: ${list}`
      : `Look at its members: ${denizen} orgs list-members ${shellWord(organization)}, at all users: ${list}, or invite by mail: ${denizen} orgs invite ${shellWord(organization)} ${name.includes('@') ? shellWord(name) : '…'}`
  return new DenizenError('request.notFound', 'notFound', `There is no user "${name}".`, { type: 'user', name, next })
}

/** `organization`: where it was looked for, as it was typed; null: among one's own. */
export function noSuchResource(name: string, organization: string | null): DenizenError {
  const form = name.includes(':') ? '' : `Write it as type:key, for example folder:${name}. `
  const list = `${denizen} resources list`
  const [look, place] =
    organization === null
      ? [`Look at yours: ${list}, or at those of an organization: ${list} --org …`, '']
      : [`Look at those there are: ${list} --org ${shellWord(organization)}`, ` in ${organization}`]
  const details = { type: 'resource', name, next: `${form}${look}` }
  return new DenizenError('request.notFound', 'notFound', `There is no resource "${name}"${place}.`, details)
}

/** Throws this error where the server's says only that there is no such thing. */
export const instead = (told: DenizenError) => (error: unknown) => {
  throw error instanceof DenizenError && error.code === 'request.notFound' ? told : error
}

/** A name that more than one thing has. */
export function ambiguous(message: string, next: string): DenizenError {
  return new DenizenError('cli.ambiguous', 'conflict', message, { next })
}

/** The server says of which kind nothing was found; which one was meant stands on the command line. */
export function withName(error: DenizenError, typed: Typed): DenizenError {
  const { type } = detailsOf(error)
  if (error.code !== 'request.notFound' || type === undefined || error.message !== `There is no such ${type}.`) return error
  const [name] = (type === 'member' ? ['userId', 'toUserId'] : [`${type}Id`]).flatMap((field) => typed[field] ?? [])
  if (typeof name !== 'string') return error
  const { organizationId } = typed
  const place = typeof organizationId === 'string' && type !== 'organization' ? ` in ${organizationId}` : ''
  return new DenizenError(error.code, error.kind, `There is no ${type} "${name}"${place}.`, error.details, error)
}

/** Nothing of a kind has this name. `place`: where it was looked for, ` in acme`. */
export function notFound(what: string, name: string, next: string, place = ''): never {
  throw new DenizenError('request.notFound', 'notFound', `There is no ${what} "${name}"${place}.`, { type: what, name, next })
}
