import type { SomeExamples } from './example.ts'

export const identitiesExamples = {} satisfies SomeExamples
