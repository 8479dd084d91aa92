import { wrapped } from './output.ts'

/** Columns in which a description can still be read. */
const narrowest = 28

/**
 * A help text for a terminal of this width. A line that is too long is continued below the start of its last column;
 * examples stay whole, to be copied.
 */
export function fittedHelp(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => (line.length <= columns || line.startsWith('  $ ') ? line : brokenLine(line, columns)))
    .join('\n')
}

function brokenLine(line: string, columns: number): string {
  const [indent = ''] = /^ */.exec(line) ?? []
  const [term = indent] = /^ *(?:- |└─ |\S+(?: \S+)* {2,})?/.exec(line) ?? []
  const rest = line.slice(term.length)
  if (term.length > indent.length && columns - term.length < narrowest)
    return [...wrapped(term.trim(), columns - indent.length).map((part) => indent + part), ...below(rest, indent.length + 6, columns)].join(
      '\n',
    )
  const [first = '', ...more] = below(rest, term.length, columns)
  return [term + first.trimStart(), ...more].join('\n')
}

function below(text: string, spaces: number, columns: number): readonly string[] {
  return wrapped(text, columns - spaces).map((part) => ' '.repeat(spaces) + part)
}
