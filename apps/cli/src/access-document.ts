import { DenizenError } from '@denizen/core/calls'
import { inputWords, isObject, signatures } from '@denizen/core/contract'
import type { z } from 'zod'
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type Pair } from 'yaml'
import { denizen } from './common-options.ts'
import { detailsOf } from './error-details.ts'
import { usageError, withNext } from './failure.ts'
import { readText } from './input-files.ts'
import { aliasInWords, yamlInWords } from './yaml-words.ts'

const schema = signatures.access.apply.input.shape.document

/** An access document with the file that it was read from. */
export interface AccessDocumentFile {
  readonly name: string
  readonly document: z.input<typeof schema>
  /** The error with `file:line` before every issue that has a position in the file. */
  located(error: unknown): unknown
}

/** Something that is wrong in the file. */
interface DocumentIssue {
  readonly line: number
  readonly path: string
  readonly message: string
}

const oneToLookAt = `See what a document looks like: ${denizen} access export`

/** More nodes than any document has, reached by aliases of aliases, are an attack or a mistake. */
const mostAliases = 100

/** Reads a YAML file. The error lists everything that is wrong with it, each with its line. */
export async function readAccessDocument(file: string): Promise<AccessDocumentFile> {
  const name = file === '-' ? 'standard input' : file
  const counter = new LineCounter()
  const text = await readText(file)
  const yaml = parseDocument(text, { lineCounter: counter, prettyErrors: false, version: '1.2' })
  // What is never closed is found at the end of the file: the last line is the one to look at.
  const lineAt = (offset: number) => counter.linePos(Math.min(offset, Math.max(0, text.trimEnd().length - 1))).line
  if (yaml.errors.length > 0)
    throw unreadable(
      name,
      // What follows the first error is mostly its consequence.
      yaml.errors.slice(0, 1).map((error) => ({ line: lineAt(error.pos[0]), path: '', message: yamlInWords(error) })),
    )
  const positions = new Positions(yaml, lineAt)
  const document = valueOf(yaml, name)
  if (!isObject(document))
    throw unreadable(name, [{ line: 1, path: '', message: 'this is no access document: one begins with version: 1' }])
  const parsed = schema.safeParse(document, { error: inputWords })
  if (!parsed.success)
    throw unreadable(
      name,
      parsed.error.issues.flatMap((issue) => positions.issues(issue)),
    )
  return { name, document: document as z.input<typeof schema>, located: (error) => locate(error, name, positions) }
}

function valueOf(yaml: Document, name: string): unknown {
  try {
    return yaml.toJS({ maxAliasCount: mostAliases }) as unknown
  } catch (error) {
    throw usageError(`${name} cannot be read: ${aliasInWords(error)}`, oneToLookAt)
  }
}

/** The issues of a server's error have paths that begin at the input: `document.roles.editor`. */
function locate(error: unknown, name: string, positions: Positions): unknown {
  if (!(error instanceof DenizenError)) return error
  const { issues: told, count } = detailsOf(error)
  if (told.length === 0) return error
  const { details } = invalid(
    name,
    told.map((issue) => positions.issue(issue.path.replace(/^document\.?/, ''), issue.message)),
  )
  const more = count !== undefined && count > told.length ? `\n… and ${count - told.length} more` : ''
  return new DenizenError(
    error.code,
    error.kind,
    `${messageOf(name, details['issues'] as DocumentIssue[])}${more}`,
    { ...error.details, ...details },
    error,
  )
}

function invalid(file: string, unsorted: readonly DocumentIssue[]): DenizenError {
  const issues = unsorted.toSorted((one, other) => one.line - other.line)
  return new DenizenError('cli.policyInvalid', 'invalid', messageOf(file, issues), { file, issues })
}

/** What is not even the form of an access document. */
function unreadable(file: string, issues: readonly DocumentIssue[]): DenizenError {
  return withNext(invalid(file, issues), oneToLookAt)
}

function messageOf(file: string, issues: readonly DocumentIssue[]): string {
  return issues.map(({ line, path, message }) => `${file}:${line}: ${path === '' ? '' : `${path}: `}${message}`).join('\n')
}

/** Finds the line of a path in the document. */
class Positions {
  readonly #yaml: Document
  readonly #lineAt: (offset: number) => number

  constructor(yaml: Document, lineAt: (offset: number) => number) {
    this.#yaml = yaml
    this.#lineAt = lineAt
  }

  issues(issue: z.core.$ZodIssue): readonly DocumentIssue[] {
    if (issue.code !== 'unrecognized_keys') return [this.issue(issue.path.map(String).join('.'), issue.message)]
    // What was meant, if there is one; which fields there are would be a long line for each.
    const message = issue.message.includes('did you mean') ? issue.message : 'there is no such field'
    return issue.keys.map((key) => this.issue([...issue.path, key].map(String).join('.'), message))
  }

  issue(path: string, message: string): DocumentIssue {
    const { offset, value } = this.#find(path)
    return { line: this.#lineAt(offset), path: value === null ? path : `${path} (${value})`, message }
  }

  /** The innermost node on the path that exists in the file. Keys may contain dots. */
  #find(path: string): { readonly offset: number; readonly value: string | null } {
    let node: unknown = this.#yaml.contents
    let offset = (node as Node | null)?.range?.[0] ?? 0
    let rest = path
    while (rest !== '') {
      const next = isMap(node) ? memberOf(node.items, rest) : isSeq(node) ? itemOf(node.items, rest) : null
      if (next === null) return { offset, value: null }
      offset = next.offset
      node = next.node
      rest = rest.slice(next.step.length + 1)
    }
    return { offset, value: isScalar(node) && typeof node.value === 'string' && node.value.length <= 100 ? node.value : null }
  }
}

interface Step {
  readonly step: string
  readonly node: unknown
  readonly offset: number
}

function memberOf(items: readonly Pair[], rest: string): Step | null {
  const named = items
    .map((pair) => ({ pair, step: isScalar(pair.key) ? String(pair.key.value) : '' }))
    .filter(({ step }) => step === rest || rest.startsWith(`${step}.`))
    .sort((one, other) => other.step.length - one.step.length)
  const [found] = named
  return found === undefined ? null : { step: found.step, node: found.pair.value, offset: (found.pair.key as Node | null)?.range?.[0] ?? 0 }
}

function itemOf(items: readonly unknown[], rest: string): Step | null {
  const [step = ''] = rest.split('.')
  const node = items[Number(step)] as Node | undefined
  return node === undefined ? null : { step, node, offset: node.range?.[0] ?? 0 }
}
