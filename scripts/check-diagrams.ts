/**
 * Draws every mermaid block of every page in Chromium (CHROMIUM, default /usr/bin/chromium), and names file and line
 * of each that cannot be drawn. With a folder as argument, the pictures are saved there. Mermaid is fetched for this
 * check only: it is larger than all our dependencies.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { launchBrowser } from './checks/browser.ts'
import { diagramsIn, lineOfError, type Diagram } from './docs/diagrams.ts'

const mermaid = 'mermaid@12.3.0'
const workspace = join(import.meta.dirname, '..')
const pictures = process.argv[2]

const pages = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { cwd: workspace, encoding: 'utf8' })
const diagrams = pages
  .split('\n')
  .filter((file) => file !== '')
  .flatMap((file) => diagramsIn(file, readFileSync(join(workspace, file), 'utf8')))
if (diagrams.length === 0) throw new Error('no page has a diagram: they are not found any more')

/** The code that runs in the page. */
const drawing = `async function draw(text) {
  const place = document.querySelector('#drawn')
  try {
    place.innerHTML = (await mermaid.render('diagram', text)).svg
  } catch (error) {
    return String(error?.message ?? error)
  }
  const { width, height } = place.querySelector('svg').getBoundingClientRect()
  return width > 0 && height > 0 ? null : 'the picture is empty'
}`

const folder = mkdtempSync(join(tmpdir(), 'denizen-diagrams-'))
const browser = await launchBrowser()
try {
  const page = await browser.newPage({ viewport: { width: 900, height: 700 } })
  await page.setContent('<!doctype html><meta charset="utf-8"><body style="margin: 0; background: white"><div id="drawn"></div>')
  await page.addScriptTag({ path: fetchMermaid() })
  await page.addScriptTag({ content: drawing })
  const wrong = []
  for (const diagram of diagrams) {
    const error = await draw(page, diagram)
    if (error !== null) wrong.push(`${diagram.file}:${lineOfError(diagram, error)}: ${error}`)
    else if (pictures !== undefined) await keep(page, diagram, pictures)
  }
  for (const line of wrong) console.error(line)
  if (wrong.length > 0) process.exitCode = 1
  else console.log(`${diagrams.length} diagrams can be drawn`)
} finally {
  await browser.close()
  rmSync(folder, { recursive: true, force: true })
}

/** The script of the mermaid package that defines `mermaid`. */
function fetchMermaid(): string {
  const packed = execFileSync('npm', ['pack', mermaid, '--silent', '--pack-destination', folder], { cwd: folder, encoding: 'utf8' }).trim()
  const file = 'package/dist/mermaid.min.js'
  execFileSync('tar', ['-xzf', packed, file], { cwd: folder })
  return join(folder, file)
}

/** Mermaid's error; null: there is a picture. */
function draw(page: Page, { text }: Diagram): Promise<string | null> {
  return page.evaluate<string | null>(`draw(${JSON.stringify(text)})`)
}

async function keep(page: Page, { file, line }: Diagram, into: string): Promise<void> {
  mkdirSync(into, { recursive: true })
  const picture = await page.locator('#drawn svg').screenshot()
  writeFileSync(join(into, `${file.replaceAll('/', '-')}-${line}.png`), picture)
}
