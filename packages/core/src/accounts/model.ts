/** Shapes of `users.*` that other features use too. */
export { failedItems, isSelection, selectionRule } from './bulk/signatures.ts'
export { userFilter } from './directory/filter.ts'
