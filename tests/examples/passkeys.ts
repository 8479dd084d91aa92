import type { SomeExamples } from './example.ts'

export const passkeysExamples = {} satisfies SomeExamples
