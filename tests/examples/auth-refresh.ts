import type { SomeExamples } from './example.ts'

export const authRefreshExamples = {} satisfies SomeExamples
