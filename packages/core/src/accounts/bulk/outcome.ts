import type { CommandContext } from '../../kernel/context.ts'
import type { FailedItem } from '../../kernel/plan.ts'
import type { UserId } from '../../users/index.ts'

/** An item of a batch, and its index in the call. */
export interface BatchItem<Item> {
  readonly index: number
  readonly item: Item
}

/** The results of a batch. */
export interface BatchOutcome<Value> {
  readonly done: readonly { readonly index: number; readonly value: Value }[]
  readonly failed: readonly FailedItem[]
}

/** Runs the work for each item in the given order: an item that fails is rolled back alone and reported. */
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

/** The answer: which users succeeded, and why the others failed. */
export function bulkAnswer({ done, failed }: BatchOutcome<{ readonly id: UserId }>) {
  return { succeeded: done.map(({ index, value }) => ({ index, userId: value.id })), failed: [...failed] }
}

/** Records the batch in the one audit entry: its users, and how many items failed for which reason. */
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
