/**
 * Whether tests that combine actions, callers, places and faces go through every combination (`npm run test:faces`, and so
 * `.ci/run`). `npm test` takes a part of them in which everything of each kind still occurs.
 */
export const isWholeMatrix = process.env['DENIZEN_TEST_FACES'] === 'all'
