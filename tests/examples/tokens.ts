import type { SomeExamples } from './example.ts'

export const tokensExamples = {} satisfies SomeExamples
