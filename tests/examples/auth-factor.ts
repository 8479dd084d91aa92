import type { SomeExamples } from './example.ts'

export const authFactorExamples = {} satisfies SomeExamples
