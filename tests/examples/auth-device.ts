import type { SomeExamples } from './example.ts'

export const authDeviceExamples = {} satisfies SomeExamples
