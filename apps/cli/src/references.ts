import { DenizenError } from '@denizen/core/calls'
import { shellWord, identifierForm } from '@denizen/core/contract'
import type { Connection } from './calls.ts'
import { usageError } from './failure.ts'
import { ambiguous, instead, mayNotFind, namesLookUp, noSuchResource, noSuchUser, notFound, ofKind } from './reference-errors.ts'
import { denizen } from './common-options.ts'

/** Where names are resolved. */
export interface Scope {
  readonly connection: Connection
  /** The organization named on the command line; null: none. */
  readonly named: string | null
  /** As it was typed: an id or a slug. */
  readonly typed: string | null
  /** That organization, else the one that the session works in; null: none. */
  organization(): Promise<string | null>
}

/** How a name is resolved to the id that an action takes. */
export interface Reference {
  /** The placeholder in the help: `<user>`. */
  readonly label: string
  readonly description: string
  /** The id. Throws `request.notFound`, with where to look. */
  resolve(scope: Scope, text: string): Promise<string>
}

function reference({ label, description, resolve }: Reference): Reference {
  return { label, description, resolve: async (scope, text) => resolve(scope, ofKind(label, text)).catch(namesLookUp(label, text)) }
}

/** A user. */
export const user = reference({
  label: 'user',
  description: 'an id, an email address or a username',
  async resolve(scope, text) {
    if (text.startsWith('usr_')) return text
    const id = await userNamed(scope, text)
    if (id === null) throw noSuchUser(text, scope.typed)
    return id
  },
})

const organization = reference({
  label: 'organization',
  description: 'an id or a slug',
  async resolve({ connection }, text) {
    if (text.startsWith('org_')) return text
    const wanted = text.trim().toLowerCase()
    const found =
      wanted === '' ? null : await first(connection.calls.organizations.list({ search: wanted, limit: 100 }), ({ slug }) => slug === wanted)
    return found?.id ?? notFound('organization', text, `Look at those you can see: ${denizen} orgs list`)
  },
})

const team = reference({
  label: 'team',
  description: 'an id, or a name in the organization of --org',
  async resolve(scope, text) {
    if (/^team_[0-9a-z]{26}$/.test(text)) return text
    const organizationId = await organizationOf(scope)
    const wanted = sameName(text)
    const found = await first(scope.connection.calls.teams.list({ organizationId, limit: 100 }), ({ name }) => sameName(name) === wanted)
    return (
      found?.id ??
      notFound(
        'team',
        text,
        `Look at those of the organization: ${denizen} teams list --org ${wordOf(scope, organizationId)}`,
        placeOf(scope),
      )
    )
  },
})

const policy = reference({
  label: 'policy',
  description: 'an id or a name',
  async resolve({ connection }, text) {
    if (/^pol_[0-9a-z]{26}$/.test(text)) return text
    const wanted = text.trim().toLowerCase()
    const found = await first(connection.calls.policies.list({ limit: 100 }), ({ name }) => name === wanted)
    return found?.id ?? notFound('policy', text, `Look at those there are: ${denizen} policies list`)
  },
})

const role = reference({
  label: 'role',
  description: 'an id, or a name: in the organization of --org, else among those of the installation',
  async resolve(scope, text) {
    if (/^rol_[0-9a-z]{26}$/.test(text)) return text
    const organizationId = await scope.organization()
    const where = organizationId === null ? {} : { organizationId, installation: true }
    const wanted = text.normalize('NFC').trim()
    const named: { readonly id: string; readonly own: boolean }[] = []
    for await (const found of scope.connection.calls.roles.list({ ...where, search: wanted.slice(0, 64), limit: 100 }))
      if (found.name === wanted) named.push({ id: found.id, own: found.organizationId !== null })
    // The organization's own role takes precedence over one of the installation with the same name.
    const found = named.find(({ own }) => own) ?? named[0]
    const list = organizationId === null ? 'roles list' : `roles list --org ${wordOf(scope, organizationId)} --installation`
    return (
      found?.id ??
      notFound(
        'role',
        text,
        `Look at those there are: ${denizen} ${list}`,
        organizationId === null ? '' : `${placeOf(scope)} or the installation`,
      )
    )
  },
})

const resource = reference({
  label: 'resource',
  description: 'an id, or type:key in the organization of --org, else among your own',
  async resolve({ connection, named, typed }, text) {
    if (/^res_[0-9a-z]{26}$/.test(text)) return text
    const [type = '', ...rest] = text.split(':')
    const there = named === null ? {} : { organizationId: named }
    if (rest.length === 0) throw noSuchResource(text, typed)
    return (await connection.calls.resources.get({ type, key: rest.join(':'), ...there }).catch(instead(noSuchResource(text, typed)))).id
  },
})

/** An invitation that an organization has sent. */
export const sentInvitation = reference({
  label: 'invitation',
  description: 'an id, or the invited address together with --org',
  async resolve(scope, text) {
    if (text.startsWith('inv_')) return text
    const [organizationId, wanted] = [await organizationOf(scope), sameName(text)]
    const pending = scope.connection.calls.organizations.listInvitations({ organizationId, state: 'pending', limit: 100 })
    const found = await first(pending, ({ email }) => email === wanted)
    return (
      found?.id ??
      notFound(
        'invitation',
        text,
        `Look at those that wait for an answer: ${denizen} orgs list-invitations ${wordOf(scope, organizationId)} --state pending`,
      )
    )
  },
})

/** An API token of one's own. */
export const apiToken = reference({
  label: 'token',
  description: 'an id, or the name of one of your own',
  async resolve({ connection }, text) {
    if (/^tok_[0-9a-z]{26}$/.test(text)) return text
    const named: string[] = []
    for await (const { id, name } of connection.calls.tokens.list({ state: 'active', limit: 100 })) if (name === text) named.push(id)
    const [only] = named
    if (only === undefined) return notFound('token', text, `Look at yours: ${denizen} tokens list`)
    if (named.length === 1) return only
    throw ambiguous(`${named.length} of your tokens are called "${text}".`, `Name the one that you mean by its id: ${named.join(' or ')}`)
  },
})

/** An invitation to oneself. */
export const ownInvitation = reference({
  label: 'invitation',
  description: 'an id, or the slug of the organization that invites you',
  async resolve({ connection }, text) {
    if (text.startsWith('inv_')) return text
    const wanted = text.trim().toLowerCase()
    const found = await first(
      connection.calls.organizations.listInvitations({ limit: 100 }),
      ({ organization: { slug } }) => slug === wanted,
    )
    return found?.id ?? notFound('invitation', text, `Look at those you can answer: ${denizen} orgs list-invitations`)
  },
})

/** Input fields that hold ids, with the option for each. */
const byField: Readonly<Record<string, { readonly reference: Reference; readonly flag: string }>> = {
  userId: { reference: user, flag: '--user' },
  ownerId: { reference: user, flag: '--owner' },
  fromUserId: { reference: user, flag: '--from' },
  toUserId: { reference: user, flag: '--to' },
  transferTo: { reference: user, flag: '--transfer-to' },
  organizationId: { reference: organization, flag: '--org' },
  teamId: { reference: team, flag: '--team' },
  ownerUserId: { reference: user, flag: '--owner' },
  resourceId: { reference: resource, flag: '--resource' },
  parentId: { reference: resource, flag: '--parent' },
  within: { reference: resource, flag: '--within' },
  roleId: { reference: role, flag: '--role' },
  roleIds: { reference: role, flag: '--role' },
  addRoleIds: { reference: role, flag: '--add' },
  removeRoleIds: { reference: role, flag: '--remove' },
  includes: { reference: role, flag: '--includes' },
  including: { reference: role, flag: '--including' },
  includedIn: { reference: role, flag: '--included-in' },
  policyId: { reference: policy, flag: '--policy' },
  reassignTo: { reference: policy, flag: '--reassign-to' },
}

/** The reference of a field; undefined: it holds no id that has a name. */
export function referenceOf(field: string): { readonly reference: Reference; readonly flag: string } | undefined {
  return byField[field]
}

/** Replaces names in the input by ids. Organizations come first, because other names are looked up in them. */
export async function resolveReferences(
  connection: Connection,
  input: Record<string, unknown>,
  { references, named }: { readonly references: readonly (readonly [field: string, Reference])[]; readonly named: unknown },
): Promise<void> {
  const scope = await scopeOf(connection, typeof named === 'string' ? named : input['organizationId'])
  if (scope.named !== null && typeof input['organizationId'] === 'string') input['organizationId'] = scope.named
  for (const [field, reference] of references) {
    const text: unknown = input[field]
    if (typeof text === 'string' && field !== 'organizationId') input[field] = await reference.resolve(scope, text)
    if (Array.isArray(text)) input[field] = await Promise.all(text.map((item) => reference.resolve(scope, String(item))))
  }
}

/** Where the names on a command line are resolved; `text` is the organization that it names, if any. */
export async function scopeOf(connection: Connection, text: unknown): Promise<Scope> {
  const named: string | null =
    typeof text === 'string'
      ? await organization.resolve({ connection, named: null, typed: null, organization: async () => null }, text)
      : null
  let session: Promise<string | null> | undefined
  const typed = typeof text === 'string' ? text : null
  return { connection, named, typed, organization: async () => named ?? (session ??= organizationOfSession(connection)) }
}

/** The organization as people know it, to be typed again. */
function wordOf({ typed }: Scope, id: string): string {
  return shellWord(typed ?? id)
}

/** Where a name was looked for. */
const placeOf = ({ typed }: Scope): string => ` in ${typed ?? 'the organization that you work in'}`

/** The organization to use when none is named: the one that the session works in. */
export async function organizationOf(scope: Scope): Promise<string> {
  const found = await scope.organization()
  if (found !== null) return found
  throw usageError('Which organization?', `Name it with --org, or switch to one: ${denizen} orgs switch`)
}

async function organizationOfSession({ calls, url }: Connection): Promise<string | null> {
  if (url === null) return null // an operator has no session
  return (await calls.sessions.whoami()).organization?.id ?? null
}

/** If an organization is named, its members are searched first: its administrators may ask about nobody else. */
async function userNamed(scope: Scope, text: string): Promise<string | null> {
  const { users } = scope.connection.calls
  if (scope.named !== null) {
    const member = await memberNamed(scope, scope.named, text)
    if (member !== null) return member
  }
  try {
    return (await users.find({ identifier: text }))?.id ?? null
  } catch (error) {
    if (!(error instanceof DenizenError) || error.code !== 'request.denied') throw error
    const organizationId = await scope.organization()
    if (organizationId === null) throw mayNotFind(error, text)
    const managed = await users.find({ identifier: text, organizationId })
    return managed?.id ?? (scope.named === null ? await memberNamed(scope, organizationId, text) : null)
  }
}

async function memberNamed({ connection }: Scope, organizationId: string, text: string): Promise<string | null> {
  const wanted = sameName(text)
  if (wanted === '' || wanted.length > 200) return null
  const members = connection.calls.organizations.listMembers({ organizationId, search: wanted, limit: 100 })
  const found = await first(members, ({ user: { username, email } }) => username === wanted || email === wanted)
  return found?.user.id ?? null
}

/** Names are compared as the server does. */
function sameName(text: string): string {
  return identifierForm(text) ?? ''
}

async function first<Item>(items: AsyncIterable<Item>, matches: (item: Item) => boolean): Promise<Item | null> {
  for await (const item of items) if (matches(item)) return item
  return null
}
