/** The folders of core, which may import which, and the picture of them in docs/architecture.md. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

interface Layer {
  readonly name: string
  /** From the bottom to the top. */
  readonly folders: readonly string[]
}

/**
 * The layers of packages/core/src, from the bottom to the top. A folder imports from those that stand before it and from no
 * other, values and types alike. Files beside the folders (core.ts, contract.ts, …) are above all features.
 */
export const layers: readonly Layer[] = [
  { name: 'The grammar of actions', folders: ['ports', 'text', 'kernel', 'serialization'] },
  { name: 'What every call records', folders: ['audit', 'history', 'events', 'invalidation', 'idempotency'] },
  { name: 'Users, tenants and what assignments grant', folders: ['grants', 'users', 'passwords', 'mail', 'organizations'] },
  { name: 'Sessions and tokens', folders: ['login-history', 'sessions', 'tokens', 'throttling', 'policies', 'principals'] },
  { name: 'Who may do what', folders: ['access', 'resources'] },
  {
    name: 'People, and how they sign in',
    folders: ['challenges', 'verifications', 'authenticators', 'accounts', 'passkeys', 'identities', 'signin'],
  },
  { name: 'Working together', folders: ['teams', 'invitations', 'personal-data'] },
  { name: 'What runs by itself', folders: ['jobs'] },
  { name: 'What puts it together', folders: ['defaults', 'database', 'calls', 'pipeline'] },
]

const order = new Map(layers.flatMap(({ folders }) => folders).map((folder, index) => [folder, index]))

/** An import of one folder by another, as `from → to`, with the files that do it. */
type Imports = ReadonlyMap<string, readonly string[]>

export interface Folders {
  readonly names: readonly string[]
  readonly imports: Imports
}

/** Reads the folders of core's sources, without tests. Dynamic imports and types count like all others. */
export function readFolders(workspace: string): Folders {
  const root = join(workspace, 'packages/core/src')
  const files = globSync('**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'))
  const imports = new Map<string, string[]>()
  for (const file of files)
    for (const [, specifier = ''] of readFileSync(join(root, file), 'utf8').matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'(\.[^']+)'/g)) {
      const [from, to] = [folderOf(file), folderOf(normalize(join(dirname(file), specifier)))]
      if (from === null || to === null || from === to) continue
      const edge = `${from} → ${to}`
      imports.set(edge, [...(imports.get(edge) ?? []), file])
    }
  const names = new Set(files.flatMap((file) => folderOf(file) ?? []))
  return { names: [...names].toSorted(), imports }
}

function folderOf(file: string): string | null {
  const [folder, ...rest] = file.split('/')
  return folder === undefined || rest.length === 0 ? null : folder
}

/** Imports that go up the layers: `from → to`. */
export function upwardsIn({ imports }: Pick<Folders, 'imports'>): readonly string[] {
  return [...imports.keys()].filter((edge) => !isDown(edge)).toSorted()
}

function isDown(edge: string): boolean {
  const [from = '', to = ''] = edge.split(' → ')
  return (order.get(to) ?? Infinity) < (order.get(from) ?? -1)
}

/** A picture of the folders: an arrow for an import, left out where others lead there anyway. */
export function drawFolders({ imports }: Folders): string {
  const down = [...imports.keys()].filter(isDown)
  const reached = reachableBy(down)
  const needed = down.filter((edge) => {
    const [from = '', to = ''] = edge.split(' → ')
    return ![...(reached.get(from) ?? [])].some((between) => between !== to && reached.get(between)?.has(to))
  })
  const groups = layers
    .toReversed()
    .map(({ name, folders }, index) =>
      [`  subgraph layer${index} ["${name}"]`, ...folders.map((folder) => `    ${folder}`), '  end'].join('\n'),
    )
  const arrows = needed.toSorted().map((edge) => `  ${edge.replace('→', '-->')}`)
  return ['```mermaid', 'flowchart TB', ...groups, ...arrows, '```'].join('\n')
}

/** What each folder imports, also through others. The imports have no circle. */
function reachableBy(edges: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const reached = new Map<string, Set<string>>()
  for (const folder of order.keys()) {
    const all = new Set<string>()
    for (const edge of edges) {
      const [from = '', to = ''] = edge.split(' → ')
      if (from === folder) for (const below of [to, ...(reached.get(to) ?? [])]) all.add(below)
    }
    reached.set(folder, all)
  }
  return reached
}
