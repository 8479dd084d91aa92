import type { SomeExamples } from './example.ts'

export const factorsExamples = {} satisfies SomeExamples
