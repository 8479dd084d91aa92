import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/**
 * In a statement with many `?` nobody sees which value belongs to which: past six, the values stand where they are used, with the `sql`
 * tag of MikroORM (or Kysely's, where a statement is put together), or a column stands beside its value, as in audit/repository.ts
 * and in access/decisions/candidates.ts.
 */
const most = 6
const workspace = join(import.meta.dirname, '../..')
const files = globSync('packages/{core,runtime}/src/**/*.ts', { cwd: workspace }).filter((file) => !file.endsWith('.test.ts'))

/** The pattern of what `${…}` holds, and in it template literals, so many deep. */
const inside = (depth: number): string => (depth === 0 ? '[^`{}]*' : `(?:[^\`{}]|\\{${inside(depth - 1)}\\}|${literal(depth - 1)})*`)
const literal = (depth: number): string => `\`(?:[^\`\\\\$]|\\\\.|\\$(?!\\{)|\\$\\{${inside(depth)}\\})*\``
const [literals, holes] = [new RegExp(literal(3), 'g'), new RegExp(`\\$\\{${inside(3)}\\}`, 'g')]

function crowdedIn(source: string): string[] {
  const texts = [...source.matchAll(literals)].map(([text]) => text.replaceAll(holes, '…'))
  return texts.filter((text) => /\b(?:select|insert|update|delete|where)\b/.test(text) && text.split('?').length - 1 > most)
}

test(`no statement has more than ${most} positional parameters`, () => {
  const found = files.flatMap((file) =>
    crowdedIn(readFileSync(join(workspace, file), 'utf8')).map((text) => `${file}: ${text.slice(0, 80)}`),
  )
  expect(found).toEqual([])
})

test('a statement with seven is found, and one whose values stand in it is not', () => {
  const [sent, seven] = ['`select ${columns} from users where id = ?', ' and a = ?'.repeat(6)]
  expect(crowdedIn(`run(${sent}${seven}\`)`)).toHaveLength(1)
  expect(crowdedIn(`run(sql${sent.replace('?', '${a ? b : c}')}${seven}\`)`)).toEqual([])
})
