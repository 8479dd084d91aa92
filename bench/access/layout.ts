import { idOf, type Id } from '../../packages/core/src/kernel/id.ts'

/** How much of everything there is. At scale 1: 100 000 users, 5 000 organizations, 1 000 000 resources, 3 000 000 grants. */
export interface Sizes {
  readonly users: number
  readonly organizations: number
  /** Of the one large organization, number 0. */
  readonly resourcesOfLarge: number
  /** Its members besides those that every organization has. */
  readonly guestsOfLarge: number
  readonly sessions: number
}

/** Sessions of better-auth, each of another user, the first ones; it keeps none of them in memory. */
export const betterAuthSessions = 5000

export const roles = 200
/** From here on roles are about documents; those before are about an application's own work. */
export const firstDocumentRole = 100
/** In every organization but the large one. */
export const resourcesEach = 180
export const membersEach = 20
export const teamsEach = 4
export const teamGrants = 20
export const userGrants = 24
/** Folders of an organization, the outermost first: four, with four in each. */
export const folders = 20
export const outerFolders = 4

export function sizesAt(scale: number): Sizes {
  const organizations = Math.round(5000 * scale)
  const users = organizations * membersEach
  return {
    users,
    organizations,
    resourcesOfLarge: Math.round(100_000 * scale),
    guestsOfLarge: Math.round(2000 * scale),
    // More than the principal cache holds, or nothing would be cold.
    sessions: Math.max(users, 60_000),
  }
}

/** What the numbers are in ids: told apart by a group of hexadecimal digits, so that SQL and JavaScript make the same. */
const groups = { usr: '7001', org: '7002', rol: '7003', res: '7004', asg: '7005', team: '7006' } as const
type Kind = keyof typeof groups

/** The UUID of a numbered thing, as SQL. */
export function uuidSql(kind: Kind, number: string): string {
  return `('019a0000-0000-${groups[kind]}-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`
}

export function idAt<Prefix extends Kind>(kind: Prefix, number: number): Id<Prefix> {
  return idOf(kind, `019a0000-0000-${groups[kind]}-8000-${number.toString(16).padStart(12, '0')}`)
}

/** The number of a resource of an organization. */
export function resourceNumber({ resourcesOfLarge }: Sizes, organization: number, index: number): number {
  return organization === 0 ? index : resourcesOfLarge + (organization - 1) * resourcesEach + index
}

export function resourceIn(sizes: Sizes, organization: number, index: number): Id<'res'> {
  return idAt('res', resourceNumber(sizes, organization, index))
}

/** Each thing is in a folder, but for the outermost folders. */
function folderOf(index: number): number | null {
  if (index < outerFolders) return null
  return index < folders ? (index - outerFolders) >> 2 : outerFolders + ((index - folders) % (folders - outerFolders))
}

/** The same as SQL. */
export const folderSql = `case when i < ${outerFolders} then null when i < ${folders} then (i - ${outerFolders}) / 4 else ${outerFolders} + (i - ${folders}) % ${folders - outerFolders} end`

/** A thing, the folder that it is in, and the one that this is in. */
function wayTo(index: number): readonly number[] {
  const folder = folderOf(index)
  return folder === null ? [index] : [index, ...wayTo(folder)]
}

/** Whether a member of an organization (0 to 19, beginning with the owner) may read a resource of it: by grants on it or on a folder that it is in, their own or their team's. */
export function mayRead(member: number, index: number): boolean {
  if (member === 0) return true
  const team = member % teamsEach
  const ofTeam = (at: number) => at >= folders + team * teamGrants && at < folders + (team + 1) * teamGrants
  const own = new Set(Array.from({ length: userGrants }, (_, grant) => grantedIndex(member, grant)))
  return ownedBy(member, index) || wayTo(index).some((at) => own.has(at) || ofTeam(at))
}

function grantedIndex(member: number, grant: number): number {
  return (member * 9 + grant * 7) % resourcesEach
}

/** The same as SQL. */
export const grantedIndexSql = `(m * 9 + g * 7) % ${resourcesEach}`

/** Every tenth document is a member's own. */
function ownedBy(member: number, index: number): boolean {
  return index >= folders && index % 10 === 9 && Math.floor(index / 10) % membersEach === member
}

/** The member whose own it is, as SQL. */
export const ownerSql = `case when i >= ${folders} and i % 10 = 9 then (i / 10) % ${membersEach} end`
