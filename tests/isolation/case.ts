export type Input = Readonly<Record<string, unknown>>

/** One call, twice: once with something of another organization in a place, once with what never was. */
export interface Case {
  readonly place: string
  readonly foreign: Input
  readonly unknown: Input
  /** What they say by a name that answers may repeat. */
  readonly said?: readonly [foreign: string, unknown: string]
}
