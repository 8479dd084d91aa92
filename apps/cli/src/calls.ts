import type { ActionName, Calls, CommandOptions } from '@denizen/core/calls'
import { signatures, type Plan, type Signature } from '@denizen/core/contract'

/** Where calls go, and how to end that. */
export interface Connection {
  readonly calls: Calls
  /** The server; null: the database itself, in this process. */
  readonly url: string | null
  /** The saved login that is used; null: none, or no server. */
  readonly context: string | null
  /** Several logins are kept: questions say where they would be answered. */
  readonly isOneOfMany: boolean
  close(): Promise<void>
}

interface UntypedCall {
  (input: unknown, options?: CommandOptions): Promise<unknown>
  plan?(input: unknown): Promise<Plan>
}

/** A call by its name. */
export function callNamed(calls: Calls, name: ActionName): UntypedCall {
  const [namespace = '', verb = ''] = name.split('.')
  const tree = calls as unknown as Readonly<Record<string, Readonly<Record<string, UntypedCall>>>>
  const call = tree[namespace]?.[verb]
  if (call === undefined) throw new TypeError(`There is no call ${name}.`)
  return call
}

/** A signature by its name. */
export function signatureOf(name: ActionName): Signature {
  const [namespace = '', verb = ''] = name.split('.')
  const tree: Readonly<Record<string, Readonly<Record<string, Signature>>>> = signatures
  const signature = tree[namespace]?.[verb]
  if (signature === undefined) throw new TypeError(`There is no signature for ${name}.`)
  return signature
}
