/** An answer as it leaves this process: JSON, and where in it dates are, which JSON writes as text. */
export class Written {
  readonly json: string
  /** Keys with dots between, dots and backslashes inside a key escaped; each as it stands between the quotes of a JSON text. */
  readonly dates: readonly string[]

  constructor(json: string, dates: readonly string[]) {
    this.json = json
    this.dates = dates
  }
}
