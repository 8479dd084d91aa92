export { beginChallenge, challengeLifetime, finishChallenge, newNonce, openChallenge, tryChallenge, type Challenge } from './challenge.ts'
