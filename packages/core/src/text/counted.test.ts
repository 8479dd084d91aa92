import { counted } from '@denizen/core/contract'
import { expect, test } from 'vitest'

test.each([
  [counted(0, 'user'), '0 users'],
  [counted(1, 'user'), '1 user'],
  [counted(2, 'policy'), '2 policies'],
  [counted(2, 'day'), '2 days'],
  [counted(1, 'session ends', 'sessions end'), '1 session ends'],
  [counted(3, 'session ends', 'sessions end'), '3 sessions end'],
])('what is counted is said in one or in several: %s', (said, expected) => expect(said).toBe(expected))
