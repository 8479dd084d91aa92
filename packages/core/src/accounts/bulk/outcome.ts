import type { CommandContext } from '../../kernel/context.ts'
import type { FailedItem } from '../../kernel/plan.ts'
import type { UserId } from '../../users/index.ts'

/** Something to be done, and where it stands in the call. */
export interface BatchItem<Item> {
  readonly index: number
  readonly item: Item
}

/** What became of a batch. */
export interface BatchOutcome<Value> {
  readonly done: readonly { readonly index: number; readonly value: Value }[]
  readonly failed: readonly FailedItem[]
}

/** Does something for each, one after another in the order given: what fails is taken back alone, and said why. */
export async function runBatch<Item, Value>(
  context: CommandContext,
  places: readonly BatchItem<Item>[],
  work: (item: Item, index: number) => Promise<Value>,
): Promise<BatchOutcome<Value>> {
  const done: { index: number; value: Value }[] = []
  const failed: FailedItem[] = []
  for (const { index, item } of places) {
    const result = await context.attempt(() => work(item, index), index)
    if (result.ok) done.push({ index, value: result.value })
    else failed.push({ index, code: result.error.code, message: result.error.message })
  }
  const byIndex = (one: { index: number }, other: { index: number }) => one.index - other.index
  return { done: done.toSorted(byIndex), failed: failed.toSorted(byIndex) }
}

/** The answer: whom it was done to, and why not to the others. */
export function bulkAnswer({ done, failed }: BatchOutcome<{ readonly id: UserId }>) {
  return { succeeded: done.map(({ index, value }) => ({ index, userId: value.id })), failed: [...failed] }
}

/** Puts the whole batch into the one audit entry: its users, at most as many as a call takes, and how often it failed for which reason. */
export function noteOutcome(
  context: CommandContext,
  { done, failed }: BatchOutcome<{ readonly id: UserId }>,
  facts: Readonly<Record<string, unknown>> = {},
): void {
  const reasons: Record<string, number> = {}
  for (const { code } of failed) reasons[code] = (reasons[code] ?? 0) + 1
  const userIds = done.map(({ value }) => value.id)
  context.note({ changes: { ...facts, succeeded: done.length, failed: failed.length, reasons, userIds } })
}
