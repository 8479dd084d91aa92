/**
 * Answers as JSON text.
 *
 * A face that sends an answer needs no object, and making one costs more than most queries: zod parses it, superjson walks through it for
 * dates, and JSON walks through it again. Here the schema of an output is compiled once into functions that copy what it names, write
 * dates as text and note their paths, in one pass. What a value has besides is left out, as zod would; what is not of a usual shape is
 * left to zod. Values that never change (`markImmutable`), such as users in pages, are written only once.
 *
 * superjson's format is the only one that is written: core knows which keys it refuses and how it spells a path, api adds its envelope.
 */
export { SerializedAnswer } from './answer.ts'
export { copyValue } from './copy.ts'
export { isImmutable, markImmutable } from './immutable.ts'
export { writeOutput } from './write.ts'
