import type { z } from 'zod'

/** One row of the table of settings, as the documentation and `denizen doctor` print it. */
export interface Setting {
  readonly name: string
  readonly default: string
  readonly meaning: string
}

/** A setting with the schema of its text. */
export interface Definition<Schema extends z.ZodType = z.ZodType> extends Omit<Setting, 'name'> {
  readonly schema: Schema
}

export function define<Schema extends z.ZodType>(schema: Schema, fallback: string, meaning: string): Definition<Schema> {
  return { schema, default: fallback, meaning }
}

/** Where the parser of a setting reports issues. */
export type Check = z.core.$RefinementCtx<string>
