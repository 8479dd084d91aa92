import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { blocksOf } from './blocks.ts'

const workspace = join(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(workspace, file), 'utf8')
const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { cwd: workspace, encoding: 'utf8' })
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(workspace, file)))

describe('links', () => {
  test.each(pages)('of %s lead to files and headings that are there', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => link ?? [])
    expect(links.filter((link) => !/^[a-z]+:/.test(link) && !leads(page, link))).toEqual([])
  })
})

function leads(page: string, link: string): boolean {
  const [path = '', heading] = link.split('#')
  const file = path === '' ? page : join(dirname(page), path)
  return existsSync(join(workspace, file)) && (heading === undefined || headingsOf(read(file)).includes(heading))
}

/** As GitHub makes them of the text of a heading. */
function headingsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe('the map in CONTRIBUTING.md', () => {
  const map = [...read('CONTRIBUTING.md').matchAll(/^\| `([^`]+)\/` \|/gm)].flatMap(([, folder]) => folder ?? [])

  test.each(['packages', 'packages/core/src', 'apps', 'tests', 'examples'])('names every folder in %s, and no other', (folder) => {
    const there = readdirSync(join(workspace, folder), { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const named = map.filter((one) => dirname(one) === folder)
    expect(named.toSorted()).toEqual(there.map(({ name }) => `${folder}/${name}`).toSorted())
  })

  test('names nothing twice and nothing that is not there', () => {
    expect(map).toEqual([...new Set(map)])
    expect(map.filter((folder) => !existsSync(join(workspace, folder)))).toEqual([])
  })
})

describe('C13: the code of', () => {
  // docs/adding-an-action.md is followed by tests/faces/adding-an-action.test.ts.
  const own = pages.filter(
    (page) => page !== 'docs/adding-an-action.md' && !page.startsWith('docs/reference/') && blocksOf(page, 'ts').length > 0,
  )

  test.each(own)('%s stands in a program that is compiled and run, line for line', (page) => {
    for (const { line, code, remark } of blocksOf(page, 'ts')) {
      if (remark?.startsWith('not run: ') === true) continue
      const [, file] = /^from (\S+)$/.exec(remark ?? '') ?? []
      expect(file, `line ${line}: the block has to say where it is from`).toBeDefined()
      expect(missingIn(read(file ?? ''), code)).toEqual([])
    }
  })
})

/** The lines of a block that do not stand in a program, in this order. */
function missingIn(program: string, code: string): readonly string[] {
  const lines = program.split('\n').map((line) => line.trim())
  let at = 0
  return code.split('\n').filter((line) => {
    if (line.trim() === '') return false
    const found = lines.indexOf(line.trim(), at)
    if (found >= 0) at = found
    return found < 0
  })
}

const packages = ['packages', 'apps'].flatMap((parent) => readdirSync(join(workspace, parent)).map((name) => `${parent}/${name}`))

describe.each(packages)('the page of %s', (folder) => {
  const page = read(`${folder}/README.md`)

  test('begins with the name of the package', () => {
    const { name } = JSON.parse(read(`${folder}/package.json`)) as { name: string }
    expect(page.split('\n')[0]).toBe(`# ${name}`)
  })

  test('shows code that stands in a program, which the type check reads', () => {
    const blocks = [...page.matchAll(/(?:<!-- from (?<file>\S+) -->\n)?```ts\n(?<code>.*?)```/gs)]
    for (const { groups } of blocks) {
      const { file, code = '' } = groups ?? {}
      expect(file, `the block has to say where it is from:\n${code}`).toBeDefined()
      expect(read(file ?? '')).toContain(code)
    }
    if (folder !== 'apps/cli') expect(blocks).not.toEqual([])
  })
})
