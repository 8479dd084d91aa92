import type { YAMLError } from 'yaml'

/** What is wrong with the YAML of a file, without the words of its grammar. */
export function yamlInWords({ code, message }: YAMLError): string {
  return words[code] ?? `this is not YAML: ${message.split('\n')[0] ?? ''}`
}

const words: Partial<Readonly<Record<YAMLError['code'], string>>> = {
  TAB_AS_INDENT: 'a line begins with a tab: indent with spaces',
  BAD_INDENT: 'the indentation does not fit the lines above, or a [ or { is not closed',
  MISSING_CHAR: 'something is not finished: look for a missing quote, colon, comma or bracket here or above',
  MULTILINE_IMPLICIT_KEY: 'a name and its colon have to stand on one line: is a colon missing?',
  BLOCK_AS_IMPLICIT_KEY: 'there is one colon too many on this line: put texts with a colon into quotes',
  UNEXPECTED_TOKEN: 'something stands here that does not belong here: look for a wrong quote, bracket or indentation',
  BAD_SCALAR_START: 'a text cannot begin with this character: put it into quotes',
  BAD_ALIAS: 'a text that begins with * has to stand in quotes',
  DUPLICATE_KEY: 'the same name stands twice at this level',
  MULTIPLE_DOCS: 'there is a second document after ---: put everything into one',
  BAD_DQ_ESCAPE: 'a \\ in a text in double quotes begins something that there is not: write \\\\ or use single quotes',
}

/** What is wrong with references inside of a file (`*name`), which only shows when they are followed. */
export function aliasInWords(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const name = /^Unresolved alias .*: (\S+)$/.exec(message)?.[1]
  if (name !== undefined) return `*${name} refers to nothing. A text that begins with * has to stand in quotes: "*${name}"`
  return /excessive alias/i.test(message) ? 'it refers to itself too often (&name, *name).' : message
}
