import type { Actions } from '../../kernel/action.ts'
import { at } from './at.ts'
import { compare } from './compare.ts'
import { explain } from './explain.ts'
import type { explainingSignatures } from './signatures.ts'

/** The actions of `access` that are made here. */
export const explainingActions: Actions<typeof explainingSignatures> = { explain, at, compare }
