/** A mermaid block of a page. */
export interface Diagram {
  readonly file: string
  /** Of its first line of text in the file. */
  readonly line: number
  readonly text: string
}

export function diagramsIn(file: string, page: string): Diagram[] {
  const lines = page.split('\n')
  return lines.flatMap((fence, index) => {
    if (!/^\s*```mermaid\s*$/.test(fence)) return []
    const length = lines.slice(index + 1).findIndex((line) => /^\s*```\s*$/.test(line))
    const text = lines.slice(index + 1, length === -1 ? undefined : index + 1 + length).join('\n')
    return [{ file, line: index + 2, text }]
  })
}

/** Where in the file an error is: mermaid counts lines from the beginning of the block. */
export function lineOfError({ line }: Diagram, error: string): number {
  const said = /\bline (\d+)/.exec(error)?.[1]
  return said === undefined ? line : line + Number(said) - 1
}
