import type { SomeExamples } from './example.ts'

export const authGuiseExamples = {} satisfies SomeExamples
