import { shellWord, signatures, type OutputOf } from '@denizen/core/contract'
import type { Command } from 'commander'
import { addAction } from '../action-command.ts'
import { compareText, explainText, thenText } from '../explanation-text.ts'
import { note } from '../output.ts'
import { addScopeOptions, readScope } from '../scope-options.ts'
import { somebody } from './access-decisions.ts'

const { access: actions } = signatures

/** Why somebody may or may not do something, who could at a given time, and what changed between two times. */
export function addExplaining(access: Command): void {
  addAction(access, {
    signature: actions.explain,
    arguments: [{ field: 'userId', as: somebody }, 'permission'],
    extend: addScopeOptions,
    prepare: readScope,
    show: explainText,
    examples: [
      'access explain ada document.read --resource res_01j…',
      'access explain me teams.create --org acme',
      'access explain ada users.purge --json',
    ],
  })
  addAction(access, {
    signature: actions.at,
    extend: addScopeOptions,
    prepare: readScope,
    show: (answer) => shownPage(answer, thenText),
    examples: [
      'access at --time 2026-11-01T00:00:00Z --user ada --org acme',
      'access at --time 2026-11-01T00:00:00Z --permission document.read --resource res_01j…',
    ],
  })
  addAction(access, {
    signature: actions.compare,
    extend(command) {
      addScopeOptions(command)
      command.option('--verbose', 'every permission, even if a whole area was gained or lost')
    },
    prepare: readScope,
    show: (answer, { verbose }) => shownPage(answer, (page) => compareText(page, { verbose: verbose === true })),
    examples: [
      'access compare --from 2026-11-01T00:00:00Z --to 2026-11-21T00:00:00Z --org acme',
      'access compare --from 2026-11-01T00:00:00Z --user ada --org acme --verbose',
    ],
  })
}

/** The text of an answer that may have another page. */
function shownPage<Answer extends OutputOf<typeof actions.at | typeof actions.compare>>(
  answer: Answer,
  text: (answer: Answer) => string,
): string {
  if (answer.nextCursor !== null) note(`There are more: --cursor ${shellWord(answer.nextCursor)} shows the next page.`)
  return text(answer)
}
