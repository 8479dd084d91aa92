/** An answer as JSON text, and the paths of its dates, which are text in JSON. */
export class SerializedAnswer {
  readonly json: string
  /** Keys joined with dots; dots and backslashes in a key are escaped; each as inside the quotes of a JSON text. */
  readonly dates: readonly string[]

  constructor(json: string, dates: readonly string[]) {
    this.json = json
    this.dates = dates
  }
}
