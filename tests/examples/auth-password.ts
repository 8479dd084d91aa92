import type { SomeExamples } from './example.ts'

export const authPasswordExamples = {} satisfies SomeExamples
