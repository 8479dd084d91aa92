import type { SomeExamples } from './example.ts'

export const authExternalExamples = {} satisfies SomeExamples
