/** Which tests are most relevant to what has changed, within a short time, and which are left out. */

/** As many test files of core as take about half a minute on two quiet cores; its whole suite takes minutes. */
const mostOfCore = 25

export interface Workspace {
  /** Folders of packages, from the root. */
  readonly packages: readonly string[]
  /** Core's folders, each with those that its files import. */
  readonly imports: ReadonlyMap<string, ReadonlySet<string>>
  /** Core's files of tests, from the root. */
  readonly tests: readonly string[]
}

export interface Plan {
  /** Packages whose tests all run. */
  readonly packages: readonly string[]
  /** Files of core's tests. */
  readonly core: readonly string[]
  readonly left: readonly string[]
}

const coreFolder = 'packages/core'
const source = `${coreFolder}/src/`

export function planOf(changed: readonly string[], { packages, imports, tests }: Workspace): Plan {
  const changedPackages = packages.filter((folder) => changed.some((file) => file.startsWith(`${folder}/`)))
  const near = nearest(
    changed.filter((file) => file.startsWith(`${coreFolder}/`)),
    imports,
    tests,
  )
  const core = near.slice(0, mostOfCore)
  const ofCore = changedPackages.includes(coreFolder) ? tests.length - core.length : 0
  const whole = changedPackages.filter((folder) => folder !== coreFolder)
  const others = packages.filter((folder) => !changedPackages.includes(folder))
  const left = [
    ...(ofCore > 0 ? [`${ofCore} of ${tests.length} files of tests in ${coreFolder}`] : []),
    ...(changed.length > 0 ? others : []),
    'tests/, on whole programs',
  ]
  return { packages: whole, core, left }
}

/** First the changed tests, then those beside what has changed, then those of folders that import it. */
function nearest(changed: readonly string[], imports: Workspace['imports'], tests: readonly string[]): readonly string[] {
  const folders = new Set(changed.filter((file) => file.startsWith(source)).map(folderOf))
  const importing = [...imports].filter(([, others]) => [...folders].some((folder) => others.has(folder))).map(([folder]) => folder)
  const own = tests.filter((file) => changed.includes(file))
  const beside = tests.filter((file) => folders.has(folderOf(file)))
  const above = tests.filter((file) => importing.includes(folderOf(file)))
  return [...new Set([...own, ...beside, ...above])]
}

/** The folder of core that a file stands in; of a file beside the folders, ''. */
export function folderOf(file: string): string {
  const [folder = '', ...rest] = file.slice(source.length).split('/')
  return rest.length > 0 ? folder : ''
}

/** The folders of core that a file of it imports. */
export function importsOf(file: string, text: string): readonly string[] {
  const here = file.slice(0, file.lastIndexOf('/'))
  const specifiers = [...text.matchAll(/\bfrom '(\.[^']+)'/g)].flatMap(([, specifier]) => (specifier === undefined ? [] : [specifier]))
  return specifiers
    .map((specifier) => new URL(specifier, `file:///${here}/`).pathname.slice(1))
    .filter((path) => path.startsWith(source))
    .map(folderOf)
}
