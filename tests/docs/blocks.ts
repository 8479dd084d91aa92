import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export const workspace = join(import.meta.dirname, '../..')

/** A block of code in a page. */
export interface Block {
  readonly page: string
  /** The line of the page where it begins. */
  readonly line: number
  readonly code: string
  /** What the comment before it says: `not run: …`, `from …`; null: there is none. */
  readonly remark: string | null
}

/** The blocks of one language, in the order of the page. */
export function blocksOf(page: string, language: 'sh' | 'ts'): readonly Block[] {
  const text = readFileSync(join(workspace, page), 'utf8')
  const blocks = text.matchAll(new RegExp(`(?:^<!-- (?<remark>.+?) -->\\n(?:\\n)?)?^\`\`\`${language}\\n(?<code>[^]*?)^\`\`\`$`, 'gm'))
  return [...blocks].map(({ index, groups }) => {
    const { code = '', remark = null } = groups ?? {}
    const before = text.slice(0, text.indexOf('```' + language, index))
    return { page, line: before.split('\n').length + 1, code, remark }
  })
}
