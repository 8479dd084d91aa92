import { kinds, type ActionName } from '@denizen/core/calls'
import { isObject, withoutSecrets, type Plan } from '@denizen/core/contract'
import { Option, type Command } from 'commander'
import { z } from 'zod'
import { exitCodeOfCreate } from '../batches.ts'
import { callNamed, signatureOf } from '../calls.ts'
import { connected } from '../connection.ts'
import { usageError } from '../failure.ts'
import { parseJson } from '../input-options.ts'
import {
  addChangeOptions,
  addConnectionOptions,
  denizen,
  sentWith,
  type ChangeOptions,
  type ConnectionOptions,
  type OutputOptions,
} from '../common-options.ts'
import { json, print, printAnswer } from '../output.ts'
import { table } from '../table.ts'
import { printPlan } from '../plan.ts'
import { readInput } from '../prompts.ts'
import { closest } from '../suggestion.ts'

type CallOptions = ConnectionOptions & ChangeOptions & OutputOptions & { readonly input?: string; readonly schema?: boolean }

const largestInput = 16 * 1024 * 1024

/** Calls any action by its name, also those without a command of their own. */
export function addCall(program: Command): void {
  const command = program
    .command('call')
    .description('Call any action by its name; without a name, list them')
    .argument('[action]', 'for example users.create')
    .allowExcessArguments() // to be refused with what is to be typed instead
  command.option('--input <json>', 'the input as JSON; - reads it from standard input')
  command.option('--schema', 'print what the action takes and answers, as JSON Schema, and call nothing')
  command.addOption(new Option('--json', 'print errors as JSON too; the answer is JSON anyway').conflicts('ndjson'))
  command.option('--ndjson', 'print the answer on one line; a page, one item per line')
  addConnectionOptions(addChangeOptions(command))
  command.addHelpText(
    'after',
    `\nThe answer is JSON. Inputs that hold secrets are read from standard input only. Of a batch, places (index) are counted from 0.\nExit code 6: some items of a batch were done and some were not.\n\nExamples:\n  $ denizen call\n  $ denizen call users.find --input '{"identifier":"ada"}'\n  $ denizen call users.list --schema\n  $ denizen call users.create --input - < user.json`,
  )
  command.action(async (name: string | undefined) => {
    const options = command.opts<CallOptions>()
    if (command.args.length > 1) refuseInput()
    if (name === undefined) return print(listOfActions())
    const action = actionNamed(name)
    if (options.schema === true) return print(json(schemaOf(action), 2))
    const input = await inputFrom(action, options.input)
    const format = options.ndjson === true ? 'ndjson' : 'json'
    await connected(options, async ({ calls }) => {
      const call = callNamed(calls, action)
      if (options.dryRun === true) {
        if (call.plan === undefined) throw usageError(`${action} only reads, so there is nothing to plan.`)
        const plan = await call.plan(input)
        printPlan(format, plan)
        return exitAsBatch(plan.answer ?? { ...plan, done: Object.keys(plan.rows) })
      }
      if (options.idempotencyKey !== undefined && kinds[action] === 'query')
        throw usageError(`${action} only reads, so it takes no idempotency key.`)
      const answer = await call(input, sentWith(options))
      printAnswer(format, answer, () => '')
      exitAsBatch(answer)
    })
  })
}

/** Dates are text, as in JSON. */
function schemaOf(name: ActionName): Readonly<Record<string, unknown>> {
  const { summary, kind, input, output } = signatureOf(name)
  const settings = {
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' })
    },
  } as const satisfies Parameters<typeof z.toJSONSchema>[1]
  return {
    action: name,
    kind,
    summary,
    input: z.toJSONSchema(input, { ...settings, io: 'input' }),
    output: z.toJSONSchema(output, settings),
  }
}

function listOfActions(): string {
  return table(Object.keys(kinds) as ActionName[], [
    { title: 'ACTION', whole: true, value: (name) => name },
    { title: 'KIND', value: (name) => kinds[name] },
    { title: 'WHAT IT DOES', value: (name) => signatureOf(name).summary },
  ])
}

function actionNamed(name: string): ActionName {
  if (Object.hasOwn(kinds, name)) return name as ActionName
  const meant = closest(name, Object.keys(kinds))
  throw usageError(`There is no action "${name}".${meant === null ? '' : ` Did you mean ${meant}?`}`, `See all of them: ${denizen} call`)
}

/** Ends as the command for many would: its answer lists what was done, and what failed. */
function exitAsBatch(answer: unknown): void {
  if (!isObject(answer) || !Array.isArray(answer['failed']) || answer['failed'].length === 0) return
  const done = [answer['succeeded'], answer['users'], answer['done']].find((list) => Array.isArray(list))
  process.exitCode = exitCodeOfCreate(done?.length ?? 0, answer['failed'] as Plan['failed'])
}

/** `--json` had the input once, and has it in other tools. */
function refuseInput(): never {
  throw usageError('The input stands behind --input; --json only says that JSON is printed.', `Type ${denizen} call … --input '{…}'`)
}

async function inputFrom(action: ActionName, json: string | undefined): Promise<unknown> {
  if (json === undefined) return {}
  const fromStdin = json === '-'
  const input = parseJson(fromStdin ? await readInput(largestInput) : json, fromStdin ? 'Standard input' : '--input')
  if (!fromStdin && JSON.stringify(withoutSecrets(signatureOf(action).input, input)) !== JSON.stringify(input)) {
    throw usageError('A secret does not belong on the command line, where others can read it.', 'Pipe the input in, with --input -')
  }
  return input
}
