import type { InputIssue } from '../../kernel/errors.ts'
import type { Id } from '../../kernel/id.ts'
import type { Scope } from '../../kernel/decisions.ts'
import type { Catalogue } from '../../kernel/signature.ts'
import { roleName, type Role, type RoleId } from '../model.ts'
import type { Condition } from '../../grants/model.ts'
import { matchesNoAction, similarActions } from '../../grants/index.ts'
import { instant, listOf, type AccessDocument, type DocumentAssignment, type DocumentScope, type DocumentTest } from './document.ts'
import { documentInvalid } from './errors.ts'
import type { NamedScope, NamedSubject } from './model.ts'
import { resourceKey, type FoundNames, type NamedRole, type NamesInDocument } from './names.ts'
import type { Tenant } from './current.ts'

/** A role that a document refers to. */
export interface RoleReference {
  /** null: the document creates it. */
  readonly id: RoleId | null
  readonly name: string
}

export interface DesiredRole extends RoleReference {
  /** undefined: unchanged. */
  readonly description: string | null | undefined
  readonly permissions: readonly string[] | undefined
  readonly includes: readonly RoleReference[] | undefined
}

export interface DesiredExclusion {
  readonly name: string
  readonly kind: 'static' | 'dynamic'
  readonly cardinality: number
  readonly roles: readonly RoleReference[]
}

export interface DesiredAssignment {
  /** Its index in the document. */
  readonly index: number
  readonly subject: NamedSubject
  readonly role: RoleReference | null
  readonly permission: string | null
  readonly on: NamedScope
  /** null: not specified. */
  readonly from: number | null
  readonly until: number | null
  readonly when: Condition | null
}

export interface DesiredTest {
  readonly index: number
  readonly subject: NamedSubject
  readonly can: readonly string[]
  readonly cannot: readonly string[]
  readonly on: NamedScope
  readonly scope: Scope
  readonly assurance: 'aal2' | null
  readonly address: string | null
}

/** A document with ids instead of names. */
export interface DesiredState {
  readonly manages: ReadonlySet<string>
  readonly roles: readonly DesiredRole[]
  readonly exclusions: readonly DesiredExclusion[]
  readonly assignments: readonly DesiredAssignment[]
  readonly tests: readonly DesiredTest[]
}

/** What names are resolved with. */
export interface ResolutionContext {
  readonly tenant: Tenant
  readonly catalogue: Catalogue
  readonly roles: readonly Role[]
  readonly common: readonly NamedRole[]
  readonly found: FoundNames
}

/** All names in a document that have to be looked up. */
export function namesIn({ assignments, tests }: AccessDocument): NamesInDocument {
  const scopes = [...assignments, ...tests].flatMap(({ on }) => on ?? [])
  const defined = (names: readonly (string | undefined)[]) => new Set(names.filter((name) => name !== undefined))
  return {
    users: defined([...assignments.map(({ user }) => user), ...tests.map(({ who }) => who)]),
    teams: defined([...[...assignments, ...tests].map(({ team }) => team), ...scopes.map((on) => ('team' in on ? on.team : undefined))]),
    resources: defined(scopes.map((on) => ('resource' in on ? resourceKey(on.resource) : undefined))),
  }
}

/** Resolves the names of a document to ids. Throws `access.documentInvalid` with the path of every name that does not exist. */
export function resolve(document: AccessDocument, context: ResolutionContext): DesiredState {
  const reader = new Resolver(document, context)
  const desired = {
    manages: new Set<string>(listOf(document.manage)),
    roles: Object.keys(document.roles).map((name) => reader.role(name)),
    exclusions: Object.keys(document.exclusions).map((name) => reader.exclusion(name)),
    assignments: document.assignments.flatMap((assignment, index) => reader.assignment(assignment, index) ?? []),
    tests: document.tests.flatMap((test, index) => reader.test(test, index) ?? []),
  }
  reader.refuseRepeated(desired.assignments)
  reader.finish()
  return desired
}

const mostIssues = 100

class Resolver {
  readonly #document: AccessDocument
  readonly #context: ResolutionContext
  readonly #issues: InputIssue[] = []
  readonly #byName = new Map<string, RoleReference>()
  readonly #byId = new Map<string, RoleReference>()

  constructor(document: AccessDocument, context: ResolutionContext) {
    this.#document = document
    this.#context = context
    const { roles, common } = context
    // If the document manages roles, those that it does not name will be deleted.
    const stay = listOf(document.manage).includes('roles') ? roles.filter(({ name }) => name in document.roles) : roles
    for (const role of [...common, ...stay]) {
      this.#byName.set(role.name, role)
      this.#byId.set(role.id, role)
    }
    const own = new Map(roles.map(({ id, name }) => [name, id]))
    for (const name of Object.keys(document.roles)) this.#byName.set(name, { id: own.get(name) ?? null, name })
  }

  role(name: string): DesiredRole {
    const { permissions, includes, description } = this.#document.roles[name] ?? {}
    const { tenant, common } = this.#context
    if (tenant.organizationId === null && common.some((role) => role.name === name))
      this.#issue(`roles.${name}`, 'this role is built in and cannot be changed')
    if (this.#byName.get(name)?.id === null) this.#newName(name)
    for (const [index, pattern] of (permissions ?? []).entries()) this.#permission(pattern, `roles.${name}.permissions.${index}`)
    const references = includes?.flatMap((included, index) => this.#role(included, `roles.${name}.includes.${index}`) ?? [])
    const own = permissions === undefined ? undefined : [...new Set(permissions)].sort()
    return { id: this.#byName.get(name)?.id ?? null, name, description, permissions: own, includes: references }
  }

  #newName(name: string): void {
    const [issue] = roleName.safeParse(name).error?.issues ?? []
    if (issue !== undefined) this.#issue(`roles.${name}`, issue.message)
  }

  exclusion(name: string): DesiredExclusion {
    const { kind = 'static', cardinality = 2, roles = [] } = this.#document.exclusions[name] ?? {}
    const references = roles.flatMap((role, index) => this.#role(role, `exclusions.${name}.roles.${index}`) ?? [])
    if (cardinality > roles.length) this.#issue(`exclusions.${name}.cardinality`, 'it needs at least as many roles as the cardinality')
    return { name, kind, cardinality, roles: references }
  }

  assignment(assignment: DocumentAssignment, index: number): DesiredAssignment | null {
    const path = `assignments.${index}`
    const { role, permission, from, until, when } = assignment
    const subject = this.#subject(path, assignment.user, assignment.team, 'user')
    const reference = role === undefined ? null : this.#role(role, `${path}.role`)
    if (permission !== undefined) this.#permission(permission, `${path}.permission`)
    const on = this.#scope(assignment.on, `${path}.on`)
    if (subject === null || on === null || (role !== undefined && reference === null)) return null
    const terms = {
      from: from === undefined ? null : instant(from),
      until: until === undefined ? null : instant(until),
      when: when ?? null,
    }
    return { index, subject, role: reference, permission: permission ?? null, on, ...terms }
  }

  test({ who, team, can, cannot, on: where, with: circumstances }: DocumentTest, index: number): DesiredTest | null {
    const subject = this.#subject(`tests.${index}`, who, team, 'who')
    const on = this.#scope(where, `tests.${index}.on`)
    if (subject === null || on === null) return null
    return {
      index,
      subject,
      can: listOf(can),
      cannot: listOf(cannot),
      on,
      scope: this.#found(on),
      assurance: circumstances?.assurance ?? null,
      address: circumstances?.address ?? null,
    }
  }

  refuseRepeated(assignments: readonly DesiredAssignment[]): void {
    const seen = new Map<string, number>()
    for (const assignment of assignments) {
      const key = assignmentKey(assignment)
      const first = seen.get(key)
      if (first === undefined) seen.set(key, assignment.index)
      else this.#issue(`assignments.${assignment.index}`, `the same as assignments.${first}`)
    }
  }

  finish(): void {
    const count = this.#issues.length
    if (count > 0) throw documentInvalid({ issues: this.#issues.slice(0, mostIssues), count })
  }

  #issue(path: string, message: string): void {
    this.#issues.push({ path: `document.${path}`, message })
  }

  #permission(pattern: string, path: string): void {
    const { catalogue } = this.#context
    if (!matchesNoAction(catalogue, pattern)) return
    const [likely] = similarActions(catalogue, pattern)
    this.#issue(path, `there is no such action${likely === undefined ? '' : `: did you mean ${likely}?`}`)
  }

  #role(text: string, path: string): RoleReference | null {
    const found = this.#byName.get(text) ?? this.#byId.get(text)
    if (found === undefined) this.#issue(path, 'there is no such role')
    return found ?? null
  }

  #subject(path: string, user: string | undefined, team: string | undefined, field: 'user' | 'who'): NamedSubject | null {
    const { users, teams } = this.#context.found
    const found = user === undefined ? teams.get(team ?? '') : users.get(user)
    if (found !== undefined) return found
    if (user === undefined)
      this.#issue(`${path}.team`, this.#inside === null ? 'a team can have grants only in its own organization' : 'there is no such team')
    else this.#issue(`${path}.${field}`, this.#inside === null ? 'there is no such user' : 'there is no such member of the organization')
    return null
  }

  get #inside(): Id<'org'> | null {
    return this.#context.tenant.organizationId
  }

  #scope(on: DocumentScope | undefined, path: string): NamedScope | null {
    const { tenant, found } = this.#context
    const { organizationId, slug } = tenant
    if (on === undefined)
      return { kind: organizationId === null ? 'system' : 'organization', organizationId, teamId: null, resourceId: null, name: slug }
    if (organizationId === null) {
      this.#issue(path, 'everything in a document of the installation counts everywhere: leave this out, or set "organization" at its top')
      return null
    }
    if ('resource' in on) {
      const scope = found.resources.get(resourceKey(on.resource))
      if (scope === undefined) this.#issue(`${path}.resource`, 'there is no such resource')
      return scope ?? null
    }
    const team = found.teams.get(on.team)
    if (team === undefined) this.#issue(`${path}.team`, 'there is no such team')
    return team === undefined ? null : { kind: 'team', organizationId, teamId: team.id as Id<'team'>, resourceId: null, name: team.name }
  }

  #found({ kind, organizationId, teamId, resourceId }: NamedScope): Scope {
    const scope = resourceId === null ? undefined : this.#context.found.scopes.get(resourceId)
    return scope ?? { kind, organizationId, path: teamId === null ? [] : [teamId], owners: [] }
  }
}

/** The identity of an assignment: subject, scope, and role or permission. */
export function assignmentKey(assignment: {
  readonly subject: NamedSubject
  readonly role: RoleReference | null
  readonly permission: string | null
  readonly on: NamedScope
}): string {
  const { subject, role, permission, on } = assignment
  const what = role === null ? permission : (role.id ?? `new ${role.name}`)
  return JSON.stringify([subject.id, on.resourceId ?? on.teamId ?? on.organizationId, what])
}
