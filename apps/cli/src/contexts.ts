import { usageError } from './failure.ts'
import { contextNames, currentContext, defaultContext, isContextName } from './login-store.ts'
import { denizen } from './common-options.ts'

/** A saved login, by its name. */
export interface Context {
  readonly name: string
  /** By `--context` or DENIZEN_CONTEXT; null: it is the one in use. */
  readonly namedBy: '--context' | 'DENIZEN_CONTEXT' | null
}

/** The context that a command works in. */
export async function contextOf(option: string | undefined): Promise<Context> {
  if (option !== undefined) return { name: checked(option, '--context'), namedBy: '--context' }
  const variable = process.env['DENIZEN_CONTEXT']
  if (variable === undefined) return { name: await currentContext(), namedBy: null }
  return { name: checked(variable, 'DENIZEN_CONTEXT'), namedBy: 'DENIZEN_CONTEXT' }
}

/**
 * The same, where it must have a login: with a mistyped name nobody must act as somebody else, or without a login. `isElsewhere`: the call
 * names its server in another way.
 */
export async function existingContext(option: string | undefined, isElsewhere: boolean): Promise<Context> {
  const context = await contextOf(option)
  const { name, namedBy } = context
  if (namedBy !== null) await requireContext(name)
  else if (!isElsewhere && name !== defaultContext && !(await contextNames()).includes(name))
    throw usageError(
      `The login that was in use, ${name}, is gone.`,
      `Use another, ${denizen} context use NAME, or sign in: ${denizen} login`,
    )
  return context
}

export async function requireContext(name: string): Promise<void> {
  const names = await contextNames()
  if (names.includes(name)) return
  const known = names.length === 0 ? 'There is none yet.' : `There is ${names.join(', ')}.`
  throw usageError(`There is no context "${name}". ${known}`, `Sign in to make it: ${denizen} login --context ${name} --url …`)
}

export function checked(name: string, source: string): string {
  if (isContextName(name)) return name
  throw usageError(`${source} is not the name of a context: use small letters, digits and . _ -`, `For example ${denizen} context list`)
}
