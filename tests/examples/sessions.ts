import type { SomeExamples } from './example.ts'

export const sessionsExamples = {} satisfies SomeExamples
