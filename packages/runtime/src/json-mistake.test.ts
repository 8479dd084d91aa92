import { expect, test } from 'vitest'
import { placeOfMistake } from './json-mistake.ts'

test.each<[text: string, place: [line: number, column: number] | null]>([
  ['', null],
  ['[', null],
  ['[{"id": "lo', null],
  ['[}', [1, 2]],
  ['x', [1, 1]],
  ['[{"id" "local"}]', [1, 8]],
  ['[\n  {\n    "id": "local",\n  }\n]', [4, 3]],
  ['[\r\n  {"id": -x}]', [2, 11]],
  ['[1, tru]', [1, 8]],
  ['[] []', [1, 4]],
  ['["a\nb"]', [2, 0]],
])('%j stops to be JSON at %j', (text, place) => {
  const found = placeOfMistake(text)
  expect(found && [found.line, found.column]).toEqual(place)
})
