import { signatures } from '@denizen/core/contract'
import { closest } from './suggestion.ts'

/** Denizen's own actions by the area that they are in. */
const areas: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(signatures).map(([area, actions]) => [area, Object.values(actions).map(({ name }) => name)]),
)

/** The shortest list of lines: complete areas by their name, other permissions by area. */
export function shortened(permissions: readonly string[]): readonly string[] {
  const all = new Set(permissions)
  const whole = [...areas].filter(([, names]) => names.every((name) => all.has(name))).map(([area]) => area)
  if (whole.length === areas.size && all.has('application')) return ['everything']
  const others = permissions.filter((permission) => !whole.includes(areaOf(permission)))
  return [
    ...(whole.length === 0 ? [] : [`all of ${whole.toSorted().join(', ')}`]),
    ...[...Map.groupBy(others, areaOf)].map(([area, some]) => textOf(area, some)),
  ]
}

/** In a cell of a table: how many, and the first. All of them are in the view of the single thing, and in JSON. */
export function briefly(permissions: readonly string[]): string {
  const first = permissions.slice(0, mostInCell).join(', ')
  return permissions.length <= mostInCell ? first : `${permissions.length}: ${first}, …`
}

const mostInCell = 3

/** All of them, an area a line; a few as they are. */
export function permissionLines(permissions: readonly string[]): string {
  if (permissions.length <= mostInCell) return permissions.join(', ')
  return shortened(permissions).join('\n')
}

/** A permission without a dot is a pattern: `application`. */
function areaOf(permission: string): string {
  return permission.split('.', 1)[0] ?? permission
}

function textOf(area: string, permissions: readonly string[]): string {
  if (permissions.length === 1) return permissions.join('')
  return `${area}: ${permissions.map((permission) => permission.slice(area.length + 1)).join(', ')}`
}

/** The error for a permission in an area of Denizen's own that is no action of it: a slip of the hand. null: it may be one. */
export function unknownIn(permissions: readonly string[]): string | null {
  for (const permission of permissions) {
    const [area = '', verb = ''] = permission.split('.')
    const names = areas.get(area)
    if (names === undefined || verb === '' || verb.includes('*') || names.includes(permission)) continue
    const meant = closest(permission, names)
    return `There is no action ${permission}.${meant === null ? '' : ` Did you mean ${meant}?`}`
  }
  return null
}
