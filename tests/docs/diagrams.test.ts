import { expect, test } from 'vitest'
import { diagramsIn, lineOfError } from '../../scripts/docs/diagrams.ts'

const page = [
  '# Page',
  '',
  '```mermaid',
  'flowchart LR',
  '  a --> b',
  '```',
  '```ts',
  'code()',
  '```',
  '- ```mermaid',
  '```mermaid',
  'pie',
].join('\n')

test('the diagrams of a page are its mermaid blocks, also one that does not end', () => {
  expect(diagramsIn('page.md', page)).toEqual([
    { file: 'page.md', line: 4, text: 'flowchart LR\n  a --> b' },
    { file: 'page.md', line: 12, text: 'pie' },
  ])
})

test('an error is told with its line in the file; one that names none, with the first of the diagram', () => {
  const diagram = { file: 'page.md', line: 4, text: 'flowchart LR\n  a -->' }
  expect(lineOfError(diagram, 'Parse error on line 2:\n…')).toBe(5)
  expect(lineOfError(diagram, 'No diagram type detected')).toBe(4)
})
