import { dnsUnavailable, type Resolver } from '@denizen/core'

/** DNS as a test publishes it. */
export class TestResolver implements Resolver {
  /** The texts of every name that has any. */
  readonly records = new Map<string, readonly string[]>()
  /** Every name that was asked for. */
  readonly asked: string[] = []
  /** false: nobody answers. */
  answers = true

  async txt(name: string): Promise<readonly string[]> {
    this.asked.push(name)
    if (!this.answers) throw dnsUnavailable({ name })
    return this.records.get(name.toLowerCase()) ?? []
  }
}
