import type { SomeExamples } from './example.ts'

export const authMailedExamples = {} satisfies SomeExamples
