import { DenizenError, type ActionName, type DenizenErrorCode } from '@denizen/core/calls'
import { counted, signatures, type OutputOf, type Signature } from '@denizen/core/contract'
import type { Command } from 'commander'
import { stringify } from 'yaml'
import { changesText, effectsText, testsText } from '../access-text.ts'
import { addAction, runsActions } from '../action-command.ts'
import type { Connection } from '../calls.ts'
import { connected } from '../connection.ts'
import { exitCodes } from '../failure.ts'
import { addConnectionOptions, addOutputOptions, denizen, formatOf, type ConnectionOptions, type OutputOptions } from '../common-options.ts'
import { printAnswer } from '../output.ts'
import { readAccessDocument, type AccessDocumentFile } from '../access-document.ts'
import { confirmed } from '../prompts.ts'

const { access: actions } = signatures

type Options = ConnectionOptions &
  OutputOptions & {
    readonly exitCode?: boolean
    readonly live?: boolean
    readonly yes?: boolean
    readonly dryRun?: boolean
    readonly skipTests?: boolean
  }

type Plan = OutputOf<typeof actions.plan>

/** Access as code: compares an access document with what there is, and applies it. */
export function addCode(access: Command): void {
  fileCommand(access, actions.diff, diff)
    .option('--exit-code', 'end with exit code 1 when there is a difference')
    .addHelpText('after', examples('access diff policy.yaml', 'access diff policy.yaml --exit-code'))
  fileCommand(access, actions.plan, plan)
    .option('--exit-code', 'end with exit code 1 when something would change')
    .addHelpText('after', examples('access plan policy.yaml'))
  fileCommand(access, actions.apply, apply)
    .option('--dry-run', 'show the plan, and change nothing')
    .option('--skip-tests', 'even if tests in the file fail')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', examples('access apply policy.yaml', 'access apply policy.yaml --yes'))
  fileCommand(access, actions.test, test)
    .option('--live', 'against what there is now, not what the file would make of it')
    .addHelpText('after', examples('access test policy.yaml', 'access test policy.yaml --live'))
  addAction(access, {
    signature: actions.export,
    show: yamlOf,
    examples: ['access export --org acme > policy.yaml', 'access export > installation.yaml'],
  })
}

type Work = (connection: Connection, file: AccessDocumentFile, options: Options) => Promise<void>

/** A command about a file. What the server finds wrong in it is printed with its line. */
function fileCommand(access: Command, { name, summary }: Signature<ActionName>, work: Work): Command {
  const command = runsActions(access.command(name.replace('access.', '')), name)
    .description(summary)
    .argument('<file>', 'a YAML file; - reads standard input')
  addOutputOptions(addConnectionOptions(command))
  return command.action(async (path: string) => {
    const options = command.opts<Options>()
    const file = await readAccessDocument(path)
    await connected(options, async (connection) => {
      try {
        await work(connection, file, options)
      } catch (error) {
        throw file.located(error)
      }
    })
  })
}

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ denizen ${line}`).join('\n')}`
}

async function diff({ calls }: Connection, { document }: AccessDocumentFile, options: Options): Promise<void> {
  const changes = await calls.access.diff({ document })
  printAnswer(formatOf(options), changes, changesText)
  if (options.exitCode === true && changes.count > 0) process.exitCode = exitCodes.failure
}

async function plan({ calls }: Connection, { document }: AccessDocumentFile, options: Options): Promise<void> {
  const planned = await calls.access.plan({ document })
  printAnswer(formatOf(options), planned, planText)
  if (options.exitCode === true && planned.changes.count > 0) process.exitCode = exitCodes.failure
}

/** Applies exactly the plan that was shown, or nothing, because somebody may have changed something meanwhile. */
async function apply({ calls }: Connection, { name, document }: AccessDocumentFile, options: Options): Promise<void> {
  const format = formatOf(options)
  const planned = await calls.access.plan({ document })
  if (format === 'text' || options.dryRun === true) printAnswer(format, planned, planText)
  if (options.dryRun === true) return
  if (planned.changes.count === 0 && format === 'text') return
  const { failed } = planned.tests
  if (failed > 0 && options.skipTests !== true)
    throw new DenizenError('access.testsFailed', 'conflict', `Nothing was changed: ${failed} of the tests of ${name} fail.`, {
      next: `See which: ${denizen} access test ${name}`,
    })
  if (planned.refusal !== null) throw new DenizenError(planned.refusal.code as DenizenErrorCode, 'denied', planned.refusal.message)
  if (planned.changes.count > 0) await confirmed(`Make these changes (${planned.changes.count})?`, options.yes)
  const done = await calls.access.apply({ document, basedOn: planned.fingerprint, skipTests: options.skipTests === true })
  printAnswer(format, done, () => `Done: ${counted(done.changes.count, 'change')} made.`)
}

async function test({ calls }: Connection, { document }: AccessDocumentFile, options: Options): Promise<void> {
  const tests = await calls.access.test({ document, live: options.live === true })
  printAnswer(formatOf(options), tests, testsText)
  if (tests.failed > 0) process.exitCode = exitCodes.failure
}

function planText({ changes, effects, tests, refusal }: Plan): string {
  if (changes.count === 0 && tests.results.length === 0) return changesText(changes)
  return [
    changesText(changes),
    ...(changes.count === 0 ? [] : [effectsText(effects)]),
    ...(tests.results.length === 0 ? [] : [testsText(tests)]),
    ...(refusal === null ? [] : [`You may not apply this yourself: ${refusal.message}`]),
  ].join('\n\n')
}

/** A document as YAML, without empty parts. */
function yamlOf({ manage, exclusions, tests, ...rest }: OutputOf<typeof actions.export>): string {
  const { assignments, ...head } = rest
  const said = {
    ...head,
    ...(manage.length > 0 && { manage }),
    ...(Object.keys(exclusions).length > 0 && { exclusions }),
    assignments,
    ...(tests.length > 0 && { tests }),
  }
  return stringify(said, { lineWidth: 0, version: '1.2' }).trimEnd()
}
